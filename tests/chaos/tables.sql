-- What was submitted, and what was answered: op is invoke, ok, fail, info (nobody knows).
CREATE TABLE asked (at REAL, op TEXT, case_key TEXT, case_id TEXT, channel TEXT, number TEXT, topic TEXT, part INT, off INT);
-- Rubbish that was sent through request.received, by the hash of its bytes; where it lies, once that was acknowledged.
CREATE TABLE rubbish (digest TEXT, topic TEXT, part INT, off INT);
-- Erasures that the back office was told of as done.
CREATE TABLE erased (case_id TEXT);
-- Doses of poison, one row a record: what must become of it. case_id: whom its key names; digest: the hash of its value.
CREATE TABLE poison (mark TEXT, kind TEXT, topic TEXT, expect TEXT, case_id TEXT, is_real INT, digest TEXT);
-- Every record on every topic; mark: it is poison. The rest is empty where the value is no event.
CREATE TABLE records (topic TEXT, part INT, off INT, mark TEXT, hash TEXT, event_id TEXT, source TEXT, subject TEXT,
    seq INT, outcome TEXT, round INT);
-- Which service reads which topic, in which group; and who may emit to it.
CREATE TABLE reads (service TEXT, grp TEXT, topic TEXT);
CREATE TABLE emits (service TEXT, topic TEXT);
CREATE TABLE committed (grp TEXT, topic TEXT, part INT, off INT);
-- The stores: cases as documents; visible: somebody or a deadline will see to it; late: so many real seconds ago its deadline came.
CREATE TABLE cases (service TEXT, case_id TEXT, pending INT, parked INT, visible INT, has_state INT, late REAL);
CREATE TABLE stored (service TEXT, case_id TEXT, event_id TEXT, topic TEXT, seq INT, hash TEXT);
CREATE TABLE handled (service TEXT, case_id TEXT, source TEXT, topic TEXT, seq INT);
CREATE TABLE held (service TEXT, case_id TEXT, position INT, topic TEXT, hash TEXT, source TEXT, seq INT);
CREATE TABLE dead (service TEXT, topic TEXT, part INT, off INT, reason TEXT, kept INT);
-- The keyring: whether a case has a key still, and whether it has a tombstone.
CREATE TABLE keys (case_id TEXT, wrapped INT, erased INT);
-- Letters in notification's own ledger, and those that the events make, worked out apart from it. until: the end of the lease of
-- who had it in hand; settled: when it was settled; late: so many seconds ago it should have come again.
CREATE TABLE letters (id TEXT, case_id TEXT, phase TEXT, tries INT, until REAL, reason TEXT, settled REAL, late REAL);
CREATE TABLE due (id TEXT, case_id TEXT);
-- What the relay has taken, and what it did to whom.
CREATE TABLE mail (id TEXT, at REAL);
CREATE TABLE mishaps (id TEXT, mood TEXT, at REAL);
CREATE TABLE faults (number INT, kind TEXT, target TEXT, began REAL, healed REAL, lim REAL, waited INT, seconds REAL);
-- Processes that ended by themselves, that did not end when they were asked to, and that did not answer again.
CREATE TABLE died (target TEXT, at REAL);
CREATE TABLE unstopped (target TEXT, at REAL);
CREATE TABLE silent (target TEXT, at REAL);
-- Words of requests that were found where they must not stand; not_ready: who was not well at the end.
CREATE TABLE canaries (place TEXT, word TEXT);
CREATE TABLE unready (name TEXT);
CREATE INDEX by_event ON records (event_id); CREATE INDEX by_case ON records (subject, topic);
CREATE INDEX by_stored ON stored (event_id); CREATE INDEX by_handled ON handled (case_id);
CREATE INDEX by_asked ON asked (case_id); CREATE INDEX by_held ON held (hash); CREATE INDEX by_dead ON dead (topic, part, off);
CREATE INDEX by_place ON records (topic, part, off); CREATE INDEX by_mail ON mail (id);
CREATE INDEX by_letter ON letters (id); CREATE INDEX by_due ON due (id); CREATE INDEX by_key ON keys (case_id);
CREATE INDEX by_hash ON records (hash); CREATE INDEX by_mishap ON mishaps (id); CREATE INDEX by_mark ON poison (mark); CREATE INDEX by_poisoned ON poison (case_id);
