-- Undoes the statement's whole transaction where a condition of it does not hold: a batch of statements that travels in one round trip
-- cannot look at the first one's result before it sends the next.
create function sje.demand(ok boolean) returns boolean language plpgsql as $$
begin
    if not coalesce(ok, false) then
        raise exception 'the row has moved on' using errcode = 'SJE01';
    end if;
    return true;
end $$;
