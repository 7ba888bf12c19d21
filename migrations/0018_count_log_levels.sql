-- What a chunk of a log holds, counted when it is written, so that a summary and a page of one level read no chunk that has nothing to say. The
-- first lines are offsets from first_line. Null in error_lines: a chunk of before this migration; it is counted when somebody asks.
alter table sje.log_chunks
    add column error_lines integer,
    add column warn_lines integer,
    add column info_lines integer,
    add column debug_lines integer,
    add column stderr_lines integer,
    add column first_error integer,
    add column first_stderr integer,
    add column first_at timestamptz,
    add column last_at timestamptz;
