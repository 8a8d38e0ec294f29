-- I1 nothing lost: An acknowledged request is a case of intake.
-- of acknowledged requests: SELECT COUNT(DISTINCT case_id) FROM asked WHERE op = 'ok'
SELECT DISTINCT a.case_id, a.channel FROM asked a WHERE a.op = 'ok'
AND NOT EXISTS (SELECT 1 FROM cases c WHERE c.service = 'intake' AND c.case_id = a.case_id);

-- I1 accepted: A good request is never refused.
-- of requests: SELECT COUNT(DISTINCT case_id) FROM asked
SELECT case_id, channel FROM asked WHERE op = 'fail';

-- I1 seen to: A case without a resolution waits where a person or a deadline to come sees it: in a queue, in a window, or parked.
-- of cases: SELECT COUNT(*) FROM cases WHERE service = 'intake' AND has_state
SELECT c.case_id FROM cases c WHERE c.service = 'intake'
AND EXISTS (SELECT 1 FROM records r WHERE r.subject = c.case_id AND r.topic = 'request.submitted' AND r.mark IS NULL)
AND NOT EXISTS (SELECT 1 FROM records r WHERE r.subject = c.case_id AND r.topic = 'resolution.issued' AND r.mark IS NULL)
AND NOT EXISTS (SELECT 1 FROM cases o WHERE o.case_id = c.case_id AND o.visible);

-- I1 deadlines come: When all is quiet, no deadline of a case that is not parked has been over for half a minute.
-- of cases of a service: SELECT COUNT(*) FROM cases WHERE has_state
SELECT service, case_id, late FROM cases WHERE NOT parked AND late > 30;

-- I2 nothing invented: No service has a case that nobody asked for, but for what is held of poison.
-- of cases of a service: SELECT COUNT(*) FROM cases
SELECT c.service, c.case_id FROM cases c
WHERE NOT EXISTS (SELECT 1 FROM asked a WHERE a.case_id = c.case_id)
AND NOT (c.has_state = 0 AND EXISTS (SELECT 1 FROM poison p WHERE p.case_id = c.case_id AND p.expect = 'kept'));

-- I3 one number: A key is always answered with the same number.
-- of keys: SELECT COUNT(DISTINCT case_key) FROM asked WHERE number IS NOT NULL
SELECT case_key, COUNT(DISTINCT number) FROM asked WHERE number IS NOT NULL
GROUP BY case_key HAVING COUNT(DISTINCT number) > 1;

-- I3 one case: A number belongs to one key.
-- of numbers: SELECT COUNT(DISTINCT number) FROM asked WHERE number IS NOT NULL
SELECT number, COUNT(DISTINCT case_key) FROM asked WHERE number IS NOT NULL
GROUP BY number HAVING COUNT(DISTINCT case_key) > 1;

-- I4 one payload: An event id has one content, however often it was published.
-- of events: SELECT COUNT(DISTINCT event_id) FROM records WHERE mark IS NULL AND topic <> 'request.received'
SELECT event_id, COUNT(DISTINCT hash) FROM records
WHERE mark IS NULL AND event_id IS NOT NULL AND topic <> 'request.received'
GROUP BY event_id HAVING COUNT(DISTINCT hash) > 1;

-- I4 decided once: A case is submitted once, resolved once, and considered and escalated once a round.
-- of such events: SELECT COUNT(DISTINCT event_id) FROM records WHERE mark IS NULL AND topic IN ('request.submitted', 'request.withdrawn', 'triage.completed', 'review.escalated', 'review.remanded', 'resolution.issued')
SELECT subject, topic, round, COUNT(DISTINCT event_id) FROM records WHERE mark IS NULL AND topic IN
('request.submitted', 'request.withdrawn', 'triage.completed', 'review.escalated', 'review.remanded',
'resolution.issued')
GROUP BY subject, topic, round HAVING COUNT(DISTINCT event_id) > 1;

-- I5 no gap: Numbers of a case, source and topic are 1 to n, each of one event.
-- of sequences: SELECT COUNT(*) FROM (SELECT DISTINCT subject, source, topic FROM records WHERE mark IS NULL AND seq IS NOT NULL)
SELECT subject, source, topic, MAX(seq), COUNT(DISTINCT seq), COUNT(DISTINCT event_id) FROM records
WHERE mark IS NULL AND seq IS NOT NULL GROUP BY subject, source, topic
HAVING MIN(seq) <> 1 OR MAX(seq) <> COUNT(DISTINCT seq) OR COUNT(DISTINCT event_id) <> COUNT(DISTINCT seq);

-- I5 in order: The first occurrences of these numbers lie in their order, in one partition.
-- of sequences: SELECT COUNT(*) FROM (SELECT DISTINCT subject, source, topic FROM records WHERE mark IS NULL AND seq IS NOT NULL)
SELECT * FROM (SELECT subject, source, topic, seq, MIN(off) AS first, COUNT(DISTINCT part) AS parts,
LAG(MIN(off)) OVER (PARTITION BY subject, source, topic ORDER BY seq) AS before
FROM records WHERE mark IS NULL AND seq IS NOT NULL GROUP BY subject, source, topic, seq)
WHERE first < before OR parts > 1;

-- I6 one copy: The relay has taken no letter twice.
-- of letters that the relay took: SELECT COUNT(DISTINCT id) FROM mail
SELECT id, COUNT(*) FROM mail GROUP BY id HAVING COUNT(*) > 1;

-- I6 every letter settled: Each letter that the events make is in the ledger, and is sent, uncertain, suppressed, failed, or put off by the relay until later; what poison has parked is left out.
-- of letters that the events make: SELECT COUNT(*) FROM due
SELECT d.id, d.case_id, l.phase FROM due d LEFT JOIN letters l ON l.id = d.id
WHERE (l.id IS NULL OR l.phase IN ('claimed', 'data') OR (l.phase = 'due' AND (l.tries = 0 OR l.late IS NULL OR l.late > 30)))
AND NOT EXISTS (SELECT 1 FROM poison p WHERE p.case_id = d.case_id AND p.is_real);

-- I6 made by an event: No letter is in the ledger that no event makes.
-- of letters in the ledger: SELECT COUNT(*) FROM letters
SELECT l.id, l.case_id, l.phase FROM letters l WHERE NOT EXISTS (SELECT 1 FROM due d WHERE d.id = l.id AND d.case_id = l.case_id);

-- I6 sent is sent: A letter is sent exactly if the relay has it, or nobody can know.
-- of letters in the ledger: SELECT COUNT(*) FROM letters
SELECT l.id, l.phase FROM letters l WHERE
(l.phase = 'sent' AND NOT EXISTS (SELECT 1 FROM mail m WHERE m.id = l.id))
OR (l.phase IN ('suppressed', 'due', 'failed') AND EXISTS (SELECT 1 FROM mail m WHERE m.id = l.id));

-- I6 failed is refused: A letter has failed only where the relay has said so for good.
-- of failed letters: SELECT COUNT(*) FROM letters WHERE phase = 'failed'
SELECT l.id, l.reason FROM letters l WHERE l.phase = 'failed'
AND NOT EXISTS (SELECT 1 FROM mishaps x WHERE x.id = l.id AND x.mood = 'answers 554');

-- I6 known letters: The relay has taken no letter that the ledger does not know.
-- of letters that the relay took: SELECT COUNT(DISTINCT id) FROM mail
SELECT m.id FROM mail m WHERE NOT EXISTS (SELECT 1 FROM letters l WHERE l.id = m.id);

-- I6 doubt has a cause: An uncertain letter got no answer from the relay; or, while its sender had it in hand (at most 121.2 s), the relay died or a fault hit the relay, its link, notification or its store; if the sender was gone, within 30 s of taking it.
-- of uncertain letters: SELECT COUNT(*) FROM letters WHERE phase = 'uncertain'
WITH doubted AS (SELECT id, reason, until - 121.2 AS began,
  CASE WHEN reason = 'SENDER_GONE' THEN until - 91.2 ELSE settled END AS ended FROM letters WHERE phase = 'uncertain')
SELECT d.id, d.reason FROM doubted d
WHERE NOT EXISTS (SELECT 1 FROM mishaps x WHERE x.id = d.id AND x.mood NOT LIKE 'answers %')
AND NOT EXISTS (SELECT 1 FROM mishaps x WHERE x.mood = 'takes it, and dies' AND x.at BETWEEN d.began - 2 AND d.ended + 2)
AND NOT EXISTS (SELECT 1 FROM faults f
  WHERE (f.target IN ('relay', 'documents', 'all services', 'link of relay') OR f.target LIKE '%notification%')
  AND f.began <= d.ended + 2 AND COALESCE(f.healed, f.began) >= d.began - 2);

-- I7 stored is published: Every stored event is on its topic, as it is stored.
-- of stored events: SELECT COUNT(*) FROM stored
SELECT s.service, s.case_id, s.topic, s.seq FROM stored s WHERE NOT EXISTS
(SELECT 1 FROM records r WHERE r.event_id = s.event_id AND r.hash = s.hash AND r.topic = s.topic);

-- I7 published is stored: Every event on a topic is stored by whoever emitted it.
-- of records of events: SELECT COUNT(*) FROM records WHERE mark IS NULL AND topic <> 'request.received'
SELECT r.topic, r.part, r.off FROM records r WHERE r.mark IS NULL AND r.topic <> 'request.received'
AND NOT EXISTS (SELECT 1 FROM stored s WHERE s.event_id = r.event_id AND s.hash = r.hash AND s.service = r.source);

-- I7 declared emitters: Every event is of a service that may emit it to its topic, but for the very bytes that the campaign forged.
-- of records of events: SELECT COUNT(*) FROM records WHERE event_id IS NOT NULL AND topic <> 'request.received'
SELECT r.topic, r.part, r.off, r.source FROM records r WHERE r.event_id IS NOT NULL AND r.topic <> 'request.received'
AND NOT EXISTS (SELECT 1 FROM emits e WHERE e.service = r.source AND e.topic = r.topic)
AND NOT EXISTS (SELECT 1 FROM poison p WHERE p.mark = r.mark AND p.topic = r.topic AND p.digest = r.hash);

-- I7 nothing pending: No event waits to be published.
-- of cases of a service: SELECT COUNT(*) FROM cases
SELECT service, case_id FROM cases WHERE pending;

-- I8 no event passed: No committed offset is past an event that was neither handled, nor held, nor kept.
-- of records and who reads them: SELECT COUNT(*) FROM records r JOIN reads d ON d.topic = r.topic WHERE r.mark IS NULL AND r.topic <> 'request.received'
SELECT d.service, r.topic, r.part, r.off FROM records r JOIN reads d ON d.topic = r.topic
JOIN committed c ON c.grp = d.grp AND c.topic = r.topic AND c.part = r.part AND r.off < c.off
WHERE r.mark IS NULL AND r.topic <> 'request.received'
AND NOT EXISTS (SELECT 1 FROM handled h WHERE h.service = d.service AND h.case_id = r.subject
AND h.source = r.source AND h.topic = r.topic AND h.seq >= r.seq)
AND NOT EXISTS (SELECT 1 FROM held h WHERE h.service = d.service AND h.case_id = r.subject AND h.hash = r.hash)
AND NOT EXISTS (SELECT 1 FROM dead x WHERE x.service = d.service AND x.topic = r.topic AND x.part = r.part AND x.off = r.off);

-- I8 nothing left unread: When all is quiet, the groups have come to the end of every partition.
-- of partitions and who reads them: SELECT COUNT(*) FROM (SELECT DISTINCT d.grp, r.topic, r.part FROM records r JOIN reads d ON d.topic = r.topic)
SELECT d.grp, r.topic, r.part, MAX(r.off) + 1 AS ends, c.off FROM records r JOIN reads d ON d.topic = r.topic
LEFT JOIN committed c ON c.grp = d.grp AND c.topic = r.topic AND c.part = r.part
GROUP BY d.grp, r.topic, r.part HAVING COALESCE(MAX(c.off), 0) < MAX(r.off) + 1;

-- I10 poison is kept: Each poisonous record is a dead letter, or, where it names its topic's emitter, held in the case that it names, at each service that reads its topic; but for one under a number that its case had already gone past.
-- of poisonous records and who reads them: SELECT COUNT(*) FROM poison p JOIN records r ON r.mark = p.mark JOIN reads d ON d.topic = r.topic WHERE p.expect IN ('kept', 'dead')
SELECT d.service, p.kind, r.topic, r.part, r.off FROM poison p JOIN records r ON r.mark = p.mark
JOIN reads d ON d.topic = r.topic WHERE p.expect IN ('kept', 'dead')
AND NOT EXISTS (SELECT 1 FROM dead x WHERE x.service = d.service AND x.topic = r.topic AND x.part = r.part AND x.off = r.off)
AND NOT EXISTS (SELECT 1 FROM held h WHERE p.expect = 'kept' AND h.service = d.service AND h.case_id = p.case_id AND h.hash = r.hash)
AND NOT EXISTS (SELECT 1 FROM records n WHERE p.kind = 'seq used twice' AND n.topic = r.topic AND n.part = r.part AND n.off < r.off
                AND n.subject = r.subject AND n.source = r.source AND n.seq > r.seq);

-- I10 strangers open nothing: A record that names no emitter of its topic opens no case, not even to be held there.
-- of such records: SELECT COUNT(*) FROM poison p JOIN records r ON r.mark = p.mark WHERE p.expect = 'dead' AND p.case_id IS NOT NULL
SELECT DISTINCT c.service, c.case_id, p.kind FROM poison p JOIN cases c ON c.case_id = p.case_id WHERE p.expect = 'dead';

-- I10 rubbish is kept: What was sent as a request, and is none, is a dead letter of intake at each place where it lies.
-- of places: SELECT COUNT(*) FROM rubbish WHERE off IS NOT NULL
SELECT g.topic, g.part, g.off FROM (
  SELECT topic, part, off FROM rubbish WHERE off IS NOT NULL
  UNION SELECT r.topic, r.part, r.off FROM rubbish k JOIN records r ON r.hash = k.digest WHERE r.topic = 'request.received') g
WHERE NOT EXISTS (SELECT 1 FROM dead x WHERE x.service = 'intake' AND x.topic = g.topic AND x.part = g.part AND x.off = g.off);

-- I10 kept once: It is kept in one place, once.
-- of dead letters: SELECT COUNT(*) FROM dead
SELECT service, topic, part, off, COUNT(*) FROM dead GROUP BY service, topic, part, off HAVING COUNT(*) > 1;

-- I10 nobody else: Nothing but poison is a dead letter.
-- of dead letters: SELECT COUNT(*) FROM dead
SELECT x.service, x.topic, x.part, x.off, x.reason FROM dead x LEFT JOIN records r
ON r.topic = x.topic AND r.part = x.part AND r.off = x.off
WHERE NOT EXISTS (SELECT 1 FROM poison p WHERE p.mark = r.mark AND p.expect IN ('kept', 'dead'))
AND NOT EXISTS (SELECT 1 FROM rubbish g WHERE g.digest = r.hash);

-- I10 no other case parked: No case is parked, and holds nothing, unless poison names it.
-- of cases of a service: SELECT COUNT(*) FROM cases
SELECT DISTINCT c.service, c.case_id FROM cases c LEFT JOIN held h ON h.service = c.service AND h.case_id = c.case_id
WHERE (c.parked OR h.case_id IS NOT NULL)
AND NOT EXISTS (SELECT 1 FROM poison p WHERE p.case_id = c.case_id AND p.expect = 'kept');

-- I10 held in order: What is held of a case and topic is in the order of its numbers.
-- of records that are held: SELECT COUNT(*) FROM held
SELECT a.service, a.case_id, a.topic FROM held a JOIN held b ON b.service = a.service AND b.case_id = a.case_id
AND b.topic = a.topic AND b.source = a.source AND a.position < b.position AND a.seq > b.seq;

-- I12 sealed: No word of a request stands in clear in topics, stores or logs.
-- of requests: SELECT COUNT(DISTINCT case_id) FROM asked
SELECT place, word, COUNT(*) FROM canaries GROUP BY place, word;

-- I12 erased is gone: A case that was erased, by its event or by what the back office was told, has a tombstone and no key.
-- of erased cases: SELECT COUNT(DISTINCT subject) FROM records WHERE topic = 'case.erased' AND mark IS NULL AND event_id IS NOT NULL
SELECT e.case_id FROM (SELECT case_id FROM erased
  UNION SELECT subject FROM records WHERE topic = 'case.erased' AND mark IS NULL AND event_id IS NOT NULL) e
WHERE NOT EXISTS (SELECT 1 FROM keys k WHERE k.case_id = e.case_id AND k.erased AND NOT k.wrapped);

-- I14 back in time: Nine tenths of what waits are done within 15 s after a service's fault, 60 s after Kafka's or the store's, from when they are started again; a fault without a measurement counts as one that was not.
-- of faults: SELECT COUNT(*) FROM faults
SELECT number, kind, target, waited, seconds FROM faults WHERE lim IS NULL OR seconds IS NULL OR seconds > lim;

-- I14 answers again: Within 60 s whoever was started again answers.
-- of faults: SELECT COUNT(*) FROM faults
SELECT target, at FROM silent;

-- I14 stops when asked: A service that is asked to stop has ended within 30 s: at each rolling restart, and at the end.
-- of times that all were asked: SELECT 1 + COUNT(*) FROM faults WHERE kind = 'rolling restart'
SELECT target, at FROM unstopped;

-- I14 nobody ends by itself: Only faults end processes.
-- of faults: SELECT COUNT(*) FROM faults
SELECT target, at FROM died;

-- I14 well at the end: When all is healed, everybody says that they are ready.
-- of faults: SELECT COUNT(*) FROM faults
SELECT name FROM unready;

-- I15 dead letters: A dead letter is not kept anew for ever: a record that cannot be passed would be.
-- of dead letters: SELECT COUNT(*) FROM dead
SELECT service, topic, part, off, kept FROM dead WHERE kept > 30;
