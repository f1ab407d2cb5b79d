-- Identifiers start at a random number, which no other database has.
INSERT INTO notes_events (id, event)
SELECT 1 + (random() & 0xffffffffffff), 'the log begins'
WHERE NOT EXISTS (SELECT 1 FROM notes_events);

-- The triggers run in the transaction that writes, so each change has its event.
CREATE TRIGGER IF NOT EXISTS notes_created AFTER INSERT ON notes BEGIN
    INSERT INTO notes_events (event) VALUES ('note ' || new.id || ' created');
END;
CREATE TRIGGER IF NOT EXISTS notes_updated AFTER UPDATE ON notes BEGIN
    INSERT INTO notes_events (event) VALUES ('note ' || new.id || ' updated');
END;
CREATE TRIGGER IF NOT EXISTS notes_deleted AFTER DELETE ON notes BEGIN
    INSERT INTO notes_events (event) VALUES ('note ' || old.id || ' deleted');
END;
