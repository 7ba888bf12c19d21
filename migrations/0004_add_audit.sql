-- Where the audit of Hangfire's view stands (docs/reference/hangfire.md). Any process takes the next slice; the row's lock is the turn.
create table sje.audits (
    name      text primary key,
    -- The last key looked at; null before a sweep begins.
    position  text,
    next_at   timestamptz not null default now(),
    swept_at  timestamptz
);
insert into sje.audits (name) values ('live'), ('jobs');
