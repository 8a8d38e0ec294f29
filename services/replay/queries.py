"""What the views ask of the events, in DuckDB's SQL. A view may use those before it."""

STAYS = """
WITH resolved AS (SELECT case_id, min("time") AS at FROM resolution_issued GROUP BY case_id),
rounds AS (
    SELECT case_id, 1 AS round, min("time") AS start FROM triage_assigned GROUP BY case_id
    UNION ALL SELECT case_id, round, min("time") FROM review_remanded GROUP BY case_id, round),
answered AS (
    SELECT case_id, round, min("time") AS at FROM (
        SELECT case_id, round, "time" FROM triage_completed UNION ALL
        SELECT case_id, round, "time" FROM review_escalated)
    GROUP BY case_id, round),
considered AS (
    SELECT r.case_id, r.round, r.start, least(a.at, z.at) AS finish
    FROM rounds r LEFT JOIN answered a USING (case_id, round) LEFT JOIN resolved z USING (case_id)),
at_offices AS (
    SELECT c.case_id, c.round, coalesce(t.office, 'none yet') AS place, t.urgency, t."time" AS since,
           t.answer_due AS due,
           coalesce(lead(t."time") OVER (PARTITION BY c.case_id, c.round ORDER BY t.revision), c.finish) AS until
    FROM considered c JOIN triage_assigned t
      ON t.case_id = c.case_id AND t."time" >= c.start AND (c.finish IS NULL OR t."time" < c.finish)),
at_headquarters AS (
    SELECT e.case_id, e.round, 'headquarters' AS place, e.urgency, e."time" AS since, e.due,
           least(r.at, z.at) AS until
    FROM review_escalated e
    LEFT JOIN (SELECT case_id, round, min("time") AS at FROM review_remanded GROUP BY ALL) r
      ON r.case_id = e.case_id AND r.round = e.round + 1
    LEFT JOIN resolved z ON z.case_id = e.case_id)
SELECT case_id, round, place, urgency, since, until, due FROM at_offices
UNION ALL SELECT case_id, round, place, urgency, since, until, due FROM at_headquarters"""

CASES = """
WITH told AS (SELECT case_id, min("time") AS first_event_at, max("time") AS last_event_at, count(*) AS events
              FROM events GROUP BY case_id),
submitted AS (SELECT case_id, arg_min(x, x.seq) AS e FROM request_submitted x GROUP BY case_id),
rejected AS (SELECT case_id, arg_min(x, x.seq) AS e FROM request_rejected x GROUP BY case_id),
assigned AS (SELECT case_id, arg_max(x, x.revision) AS e FROM triage_assigned x GROUP BY case_id),
completed AS (SELECT case_id, arg_max(x, x.round) AS e FROM triage_completed x GROUP BY case_id),
asked AS (SELECT case_id, arg_min(x, x.seq) AS e FROM review_requested x GROUP BY case_id),
lapsed AS (SELECT case_id, min("time") AS at FROM review_lapsed GROUP BY case_id),
escalated AS (SELECT case_id, arg_max(x, x.round) AS e FROM review_escalated x GROUP BY case_id),
remanded AS (SELECT case_id, max(round) AS round FROM review_remanded GROUP BY case_id),
withdrawn AS (SELECT case_id, min("time") AS at FROM request_withdrawn GROUP BY case_id),
resolved AS (SELECT case_id, arg_min(x, x.seq) AS e FROM resolution_issued x GROUP BY case_id),
carried_out AS (SELECT case_id, max("on") AS on_day FROM resolution_completed GROUP BY case_id),
erased AS (SELECT case_id, min("time") AS at FROM case_erased GROUP BY case_id),
joined AS (
    SELECT t.*, s.e AS s, j.e AS j, a.e AS a, c.e AS c, q.e AS q, h.e AS h, z.e AS z, coalesce(r.round, 1) AS round,
           l.at AS lapsed_at, w.at AS withdrawn_at, o.on_day AS carried_out_on, x.at AS erased_at
    FROM told t
    LEFT JOIN submitted s USING (case_id) LEFT JOIN rejected j USING (case_id) LEFT JOIN assigned a USING (case_id)
    LEFT JOIN completed c USING (case_id) LEFT JOIN asked q USING (case_id) LEFT JOIN lapsed l USING (case_id)
    LEFT JOIN escalated h USING (case_id) LEFT JOIN remanded r USING (case_id) LEFT JOIN withdrawn w USING (case_id)
    LEFT JOIN resolved z USING (case_id) LEFT JOIN carried_out o USING (case_id) LEFT JOIN erased x USING (case_id))
SELECT case_id, coalesce(s.number, j.number, q.number, c.number) AS number,
    CASE WHEN z IS NOT NULL THEN 'resolved' WHEN erased_at IS NOT NULL THEN 'erased'
         WHEN j IS NOT NULL AND s IS NULL THEN 'not_accepted' WHEN withdrawn_at IS NOT NULL THEN 'being_withdrawn'
         WHEN h.round >= round THEN 'at_headquarters'
         WHEN c.round >= round THEN
             CASE WHEN c.outcome IN ('FAVOURABLE', 'MOOT') AND coalesce(len(c.declined) + len(c.moot), 0) = 0
                      THEN 'being_closed'
                  WHEN round > 1 OR c.outcome = 'NO_ANSWER' OR q IS NOT NULL THEN 'going_to_headquarters'
                  WHEN lapsed_at IS NOT NULL THEN 'being_closed' ELSE 'requestor_decides' END
         WHEN q IS NOT NULL AND round = 1 THEN 'going_to_headquarters'
         WHEN a IS NOT NULL THEN CASE WHEN a.office IS NULL THEN 'to_be_assigned' ELSE 'at_field_office' END
         ELSE 'received' END AS stage,
    CASE WHEN a IS NOT NULL THEN a.office WHEN c IS NOT NULL THEN c.office ELSE q.office END AS office,
    coalesce(h.urgency, a.urgency, c.urgency, q.urgency) AS urgency,
    a.categories AS categories, coalesce(s.received_at, j.received_at) AS received_at,
    coalesce(s.received.channel, j.received.channel) AS channel,
    coalesce(s.requestor_type, j.requestor_type) AS requestor_type, coalesce(s.language, j.language) AS language,
    s.represented AS represented, s.age_band AS age_band, s.custody.status AS custody, s.custody.state AS custody_state,
    s.decision_under_review AS decision_under_review, s.relief_sought AS relief_sought,
    a.answer_due AS answer_due, a.overdue AS overdue, a.guidance AS guidance,
    c.outcome AS field_office_outcome, c."time" AS field_office_at, q."time" AS review_requested_at, lapsed_at,
    h."time" AS at_headquarters_at, round > 1 AS remanded, withdrawn_at,
    z.outcome AS outcome, z.stage AS ended_by, z."time" AS resolved_at, z.granted AS granted,
    carried_out_on, erased_at, erased_at IS NOT NULL AS erased, first_event_at, last_event_at, events
FROM joined"""

DECISIONS = """
SELECT id, case_id, number, "time" AS decided_at, 'field_office' AS by_whom, office, round, outcome,
       granted, declined, moot, reasons, decided_by, claimed_at, guidance, pre_approval.role AS pre_approved_by
FROM triage_completed
UNION ALL BY NAME
SELECT z.id, z.case_id, c.number, z."time" AS decided_at, lower(z.stage) AS by_whom, c.office, z.outcome,
       z.granted, z.declined, z.moot, z.reasons, z.decided_by, z.claimed_at
FROM resolution_issued z LEFT JOIN cases c USING (case_id) WHERE z.stage = 'SRO'"""

NOTIFICATIONS = """
SELECT case_id, notification, e.letter AS letter, e.role AS role, e.result AS result, e.attempt AS attempt,
       e.reply_class AS reply_class, e."time" AS recorded_at, first_recorded_at, records
FROM (SELECT case_id, notification, arg_max(x, x.seq) AS e, min("time") AS first_recorded_at, count(*) AS records
      FROM notification_recorded x GROUP BY case_id, notification)"""

DURATIONS = """
WITH steps AS (
    SELECT case_id, 'whole' AS step, office AS place, urgency, received_at AS since, resolved_at AS until, NULL AS due
    FROM cases WHERE stage <> 'not_accepted'
    UNION ALL
    SELECT case_id, CASE place WHEN 'headquarters' THEN 'headquarters' WHEN 'none yet' THEN 'to_be_assigned'
                    ELSE 'field_office' END, place, urgency, since, until, due FROM stays
    UNION ALL
    SELECT case_id, 'requestor_decides', office, urgency, field_office_at,
           least(review_requested_at, lapsed_at, withdrawn_at, resolved_at), NULL
    FROM cases WHERE field_office_outcome IN ('DECLINED', 'REFERRED') AND NOT remanded
    UNION ALL
    SELECT case_id, 'carrying_out', office, urgency, resolved_at, CAST(carried_out_on AS TIMESTAMPTZ), NULL
    FROM cases WHERE len(granted) > 0)
SELECT case_id, step, place, urgency, since, until, until IS NOT NULL AS ended, due,
       coalesce(until, (SELECT max("time") FROM events)) > due AS late,
       date_diff('second', since, coalesce(until, (SELECT max("time") FROM events))) / 86400 AS days
FROM steps WHERE since IS NOT NULL"""

QUEUES_OVER_TIME = """
WITH moves AS (
    SELECT place, CAST(since AS DATE) AS "day", 1 AS came, 0 AS left_ FROM stays
    UNION ALL SELECT place, CAST(until AS DATE), 0, 1 FROM stays WHERE until IS NOT NULL),
by_day AS (SELECT place, "day", sum(came) AS came, sum(left_) AS left_ FROM moves GROUP BY ALL),
days AS (
    SELECT place, CAST(unnest(generate_series(min("day"), (SELECT max("day") FROM moves), INTERVAL 1 DAY)) AS DATE)
           AS "day"
    FROM by_day GROUP BY place)
SELECT "day", place, CAST(coalesce(came, 0) AS BIGINT) AS came, CAST(coalesce(left_, 0) AS BIGINT) AS went,
       CAST(sum(coalesce(came, 0) - coalesce(left_, 0)) OVER (PARTITION BY place ORDER BY "day") AS BIGINT) AS open
FROM days LEFT JOIN by_day USING (place, "day")"""

QUERIES = {
    "stays": STAYS,
    "cases": CASES,
    "decisions": DECISIONS,
    "notifications": NOTIFICATIONS,
    "durations": DURATIONS,
    "queues_over_time": QUEUES_OVER_TIME,
}
"""Each view by its name, in an order in which they can be made."""
