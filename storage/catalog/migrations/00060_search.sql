-- What a search asks of an event, beside its body: how large it was, which way
-- it went, and which cells of an 8x8 grid over the picture it passed (one bit
-- each). NULL where the event is older than these columns: then the body is
-- asked. One index answers a search without touching the bodies of what does
-- not match, another a timeline without reading what lies in the segments.
-- +goose Up
ALTER TABLE events ADD COLUMN label TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN area  REAL;
ALTER TABLE events ADD COLUMN dx    REAL;
ALTER TABLE events ADD COLUMN dy    REAL;
ALTER TABLE events ADD COLUMN cells INTEGER;
UPDATE events SET label = coalesce(json_extract(CAST(body AS TEXT), '$.label'), '');
DROP INDEX events_camera;
CREATE INDEX events_search ON events (camera, from_ns, id, kind, label, area, dx, dy, cells);
DROP INDEX segments_span;
CREATE INDEX segments_cover ON segments (camera, from_ns, to_ns, stream, state, size);

-- +goose Down
DROP INDEX segments_cover;
CREATE INDEX segments_span ON segments (camera, from_ns);
DROP INDEX events_search;
CREATE INDEX events_camera ON events (camera, from_ns);
ALTER TABLE events DROP COLUMN cells;
ALTER TABLE events DROP COLUMN dy;
ALTER TABLE events DROP COLUMN dx;
ALTER TABLE events DROP COLUMN area;
ALTER TABLE events DROP COLUMN label;
