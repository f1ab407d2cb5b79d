-- If the database never had a note, adds ?1 notes.
WITH RECURSIVE seed(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM seed WHERE n < ?1)
INSERT INTO notes (title, text)
SELECT
    'Note ' || n,
    'This is note ' || n || '. Read it once and keep its tag: as long as nobody edits it, asking ' ||
        'again costs a few header bytes. Edit it, and the next reader gets the new text at once.'
FROM seed
WHERE ?1 > 0 AND NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'notes')
