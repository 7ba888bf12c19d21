-- ASP.NET Core's protection keys as XML: every server must accept the forms that any of them has made.
create table sje.protection_keys (
    name        text primary key,
    body        text not null,
    created_at  timestamptz not null default now()
);
