-- Rows of concurrency keys stay when they are deleted, since an ended task that names one may be run again. forgotten: nobody wants to see it
-- until something names it.
alter table sje.concurrency_keys add column if not exists forgotten boolean not null default false;
