-- Identifiers start at a number that no other database has and no client makes up.
INSERT INTO notes_events (id, event)
SELECT 1 + (random() & 0xffffffffffff), 'the log begins'
WHERE NOT EXISTS (SELECT 1 FROM notes_events);

-- In the transaction that writes, so that no change is without its event.
CREATE TRIGGER IF NOT EXISTS notes_created AFTER INSERT ON notes BEGIN
    INSERT INTO notes_events (event) VALUES ('note ' || new.id || ' created');
END;
CREATE TRIGGER IF NOT EXISTS notes_updated AFTER UPDATE ON notes BEGIN
    INSERT INTO notes_events (event) VALUES ('note ' || new.id || ' updated');
END;
CREATE TRIGGER IF NOT EXISTS notes_deleted AFTER DELETE ON notes BEGIN
    INSERT INTO notes_events (event) VALUES ('note ' || old.id || ' deleted');
END;
