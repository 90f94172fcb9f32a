-- +goose Up
CREATE TABLE segments (
	id          TEXT    NOT NULL PRIMARY KEY,
	camera      TEXT    NOT NULL,
	stream      TEXT    NOT NULL,
	from_ns     INTEGER NOT NULL,
	to_ns       INTEGER NOT NULL,
	epoch       INTEGER NOT NULL,
	media       INTEGER NOT NULL,
	codec       INTEGER NOT NULL,
	vps         BLOB,
	sps         BLOB    NOT NULL,
	pps         BLOB    NOT NULL,
	width       INTEGER NOT NULL,
	height      INTEGER NOT NULL,
	samples     BLOB    NOT NULL,
	plain       INTEGER NOT NULL,
	size        INTEGER NOT NULL,
	key_id      TEXT    NOT NULL,
	wrapped     BLOB,
	grant_id    TEXT    NOT NULL,
	mode        TEXT    NOT NULL,
	expires_ns  INTEGER NOT NULL,
	offset_ns   INTEGER NOT NULL,
	uncertainty_ns INTEGER NOT NULL,
	source      INTEGER NOT NULL,
	state       TEXT    NOT NULL CHECK (state IN ('spooled', 'stored', 'erased')),
	swept       INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX segments_span    ON segments (camera, from_ns);
CREATE INDEX segments_age     ON segments (from_ns) WHERE state <> 'erased';
CREATE INDEX segments_expires ON segments (expires_ns) WHERE state <> 'erased';
CREATE INDEX segments_spooled ON segments (from_ns) WHERE state = 'spooled';
CREATE INDEX segments_unswept ON segments (from_ns) WHERE state = 'erased' AND swept = 0;
CREATE INDEX segments_key     ON segments (key_id);

CREATE TABLE clips (
	id       TEXT    NOT NULL PRIMARY KEY,
	camera   TEXT    NOT NULL,
	from_ns  INTEGER NOT NULL,
	to_ns    INTEGER NOT NULL,
	reason   TEXT    NOT NULL,
	event    TEXT    NOT NULL,
	grant_id TEXT    NOT NULL,
	bytes    INTEGER NOT NULL
);
CREATE INDEX clips_span  ON clips (camera, from_ns);
CREATE INDEX clips_event ON clips (event) WHERE event <> '';

CREATE TABLE gaps (
	camera  TEXT    NOT NULL,
	stream  TEXT    NOT NULL,
	from_ns INTEGER NOT NULL,
	to_ns   INTEGER NOT NULL,
	cause   TEXT    NOT NULL,
	detail  TEXT    NOT NULL,
	noted   INTEGER NOT NULL,
	PRIMARY KEY (camera, stream, from_ns, cause)
) WITHOUT ROWID;

CREATE TABLE events (
	id      TEXT    NOT NULL PRIMARY KEY,
	camera  TEXT    NOT NULL,
	kind    TEXT    NOT NULL,
	phase   TEXT    NOT NULL,
	from_ns INTEGER NOT NULL,
	to_ns   INTEGER NOT NULL,
	body    BLOB    NOT NULL,
	verdict TEXT    NOT NULL DEFAULT '',
	verdict_by TEXT NOT NULL DEFAULT '',
	verdict_at INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX events_time   ON events (from_ns);
CREATE INDEX events_camera ON events (camera, from_ns);

CREATE TABLE holds (
	id        TEXT    NOT NULL PRIMARY KEY,
	case_id   TEXT    NOT NULL,
	camera    TEXT    NOT NULL,
	from_ns   INTEGER NOT NULL,
	to_ns     INTEGER NOT NULL,
	placed_by TEXT    NOT NULL,
	second    TEXT    NOT NULL,
	placed    INTEGER NOT NULL,
	until     INTEGER NOT NULL,
	decision  TEXT    NOT NULL,
	released  INTEGER NOT NULL DEFAULT 0,
	CHECK (placed_by <> '' AND second <> '' AND placed_by <> second AND case_id <> '' AND until > placed)
);
CREATE TABLE held_segments (
	hold    TEXT NOT NULL REFERENCES holds (id),
	segment TEXT NOT NULL REFERENCES segments (id),
	key_id  TEXT NOT NULL,
	wrapped BLOB,
	PRIMARY KEY (hold, segment)
) WITHOUT ROWID;
CREATE INDEX held_by_segment ON held_segments (segment);

CREATE TABLE deletions (
	n        INTEGER PRIMARY KEY AUTOINCREMENT,
	segment  TEXT    NOT NULL,
	camera   TEXT    NOT NULL,
	from_ns  INTEGER NOT NULL,
	to_ns    INTEGER NOT NULL,
	bytes    INTEGER NOT NULL,
	cause    TEXT    NOT NULL,
	decision TEXT    NOT NULL,
	at       INTEGER NOT NULL
);
CREATE TABLE meta (
	name  TEXT NOT NULL PRIMARY KEY,
	value TEXT NOT NULL
) WITHOUT ROWID;

-- +goose Down
DROP TABLE meta;
DROP TABLE deletions;
DROP TABLE held_segments;
DROP TABLE holds;
DROP TABLE events;
DROP TABLE gaps;
DROP TABLE clips;
DROP TABLE segments;
