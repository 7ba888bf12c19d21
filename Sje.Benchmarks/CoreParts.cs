using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Npgsql;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;

namespace Sje.Benchmarks;

/// <summary>Accepting work, claims on large tables, and what a process costs that has nothing to do.</summary>
internal static class CoreParts
{
    private const int Batch = 1_000;
    private static readonly TimeProvider Clock = TimeProvider.System;

    // The same rows again under ids of their own, as COPY sends them.
    private static readonly string[] Copied = ["executions", "tasks", "events"];

    /// <summary>Batches of a thousand against COPY of the same rows into the same tables, turn by turn.</summary>
    public static async Task SubmitBatchAsync(
        BenchReport report,
        NpgsqlDataSource source,
        ExecutionIntake intake,
        Func<Submission> job
    )
    {
        const int Rounds = 8;
        List<double> ours = [],
            copy = [];
        for (var round = 0; round < Rounds; round++)
        {
            await ExecuteAsync(source, "truncate sje.tasks");
            Submission[] jobs = [.. Enumerable.Range(0, Batch).Select(_ => job())];
            var began = Clock.GetTimestamp();
            await intake.AcceptAsync(jobs, CancellationToken.None);
            ours.Add(Batch / Clock.GetElapsedTime(began).TotalSeconds);
            copy.Add(Batch / (await CopyAsync(source)).TotalSeconds);
        }

        report.Add("copy", Median(copy), "jobs/s");
        report.Add("submit.batch", Median(ours), "jobs/s", ("copy", Median(copy)));
        await ExecuteAsync(source, "truncate sje.tasks");
    }

    /// <summary>Jobs submitted one by one over HTTP to a server without a worker, by some clients at once.</summary>
    public static async Task SubmitHttpAsync(BenchReport report, string connectionString)
    {
        const int Jobs = 10_000;
        const int Clients = 32;
        await using var server = SjeServer.Start("server", connectionString);
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Clients })
        {
            BaseAddress = await server.ReadyAsync(),
        };
        var body = Encoding.UTF8.GetBytes("""{"name": "bench", "type": "noop", "queue": "swarm"}""");
        async Task SubmitAsync(int jobs)
        {
            await Task.WhenAll(
                Enumerable
                    .Range(0, Clients)
                    .Select(async _ =>
                    {
                        for (var i = 0; i < jobs / Clients; i++)
                        {
                            using var content = new ByteArrayContent(body);
                            content.Headers.ContentType = new("application/json");
                            using var answer = await http.PostAsync("/task", content);
                            if (answer.StatusCode != HttpStatusCode.Accepted)
                            {
                                throw new InvalidOperationException($"POST /task answered {answer.StatusCode}.");
                            }
                        }
                    })
            );
        }

        // A server compiles what it runs often a second time, with what it has learned; that takes some ten thousand requests.
        await SubmitAsync(4 * Jobs);
        var began = Clock.GetTimestamp();
        await SubmitAsync(Jobs);
        report.Add("submit.http", Jobs / Clients * Clients / Clock.GetElapsedTime(began).TotalSeconds, "jobs/s");
    }

    /// <summary>
    /// The time of a claim of a hundred tasks with an empty history, with ten million ended tasks (<c>SJE_BENCH_HISTORY</c> says how many),
    /// and with a million that wait (<c>SJE_BENCH_WAITING</c>).
    /// </summary>
    public static async Task ClaimAsync(
        BenchReport report,
        string connectionString,
        ExecutionIntake intake,
        Func<Submission> job,
        bool history,
        bool waiting
    )
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        var worker = await DirectLane.PrepareAsync(source);
        await using var database = new Database(connectionString);
        var queue = new TaskQueue(database);
        var plain = await ClaimTimeAsync(source, queue, worker, intake, job);
        report.Add("claim.empty", plain, "ms");
        if (waiting)
        {
            await FillWaitingAsync(source, Number("SJE_BENCH_WAITING", 1_000_000));
            var full = await ClaimTimeAsync(source, queue, worker, intake, job, keep: true);
            report.Add("claim.waiting1m", full, "ms", ("empty", plain));
            await ExecuteAsync(source, "truncate sje.tasks");
        }

        if (history)
        {
            await FillHistoryAsync(source, Number("SJE_BENCH_HISTORY", 10_000_000));
            var full = await ClaimTimeAsync(source, queue, worker, intake, job);
            report.Add("claim.history10m", full, "ms", ("empty", plain));
        }
    }

    /// <summary>Server and worker in one process with nothing to do: its processor time, the database's not counted; a worker's memory.</summary>
    public static async Task IdleAsync(BenchReport report, string connectionString, bool cpu, bool memory)
    {
        // Code that the start has used is compiled once more within the first minute.
        var settle = TimeSpan.FromSeconds(60);
        var watched = TimeSpan.FromSeconds(30);
        if (cpu)
        {
            await using var all = SjeServer.Start("all", connectionString);
            await all.ReadyAsync();
            await Task.Delay(settle, Clock);
            var before = all.Cpu;
            await Task.Delay(watched, Clock);
            report.Add("idle.cpu", 100 * (all.Cpu - before) / watched, "%");
        }

        if (memory)
        {
            await using var worker = SjeServer.Start("worker", connectionString);
            await Task.Delay(settle, Clock);
            report.Add("worker.rss", worker.Memory / 1048576.0, "MiB");
        }
    }

    /// <summary>Two workers, default settings; the one that runs a task is killed: when the next attempt begins.</summary>
    public static async Task TakeoverAsync(BenchReport report, string connectionString)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var server = SjeServer.Start("server", connectionString);
        using var http = new HttpClient { BaseAddress = await server.ReadyAsync() };
        await using var first = SjeServer.Start("worker", connectionString);
        await using var second = SjeServer.Start("worker", connectionString);
        await WaitAsync(source, "select count(*) >= 2 from sje.workers where state = 'active' and lease_until > now()");
        using var content = new StringContent(
            """{"name": "long", "type": "process", "process": {"command": ["sleep", "300"]}}""",
            Encoding.UTF8,
            "application/json"
        );
        using var answer = await http.PostAsync("/task", content);
        answer.EnsureSuccessStatusCode();
        var id = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("taskId");
        await WaitAsync(source, "select exists (select 1 from sje.tasks where state = 'running')");
        await using var find = source.CreateCommand(
            "select w.process_id from sje.tasks t join sje.workers w on w.id = t.worker_id where t.state = 'running'"
        );
        var victim = (int)(await find.ExecuteScalarAsync() ?? 0) == first.Id ? first : second;
        await Task.Delay(TimeSpan.FromSeconds(1), Clock);
        var began = Clock.GetTimestamp();
        victim.Kill();
        await WaitAsync(source, "select exists (select 1 from sje.tasks where state = 'running' and attempt = 2)");
        report.Add("takeover", Clock.GetElapsedTime(began).TotalSeconds, "s");
        using var cancel = await http.DeleteAsync($"/task/{id.GetString()}");
        await WaitAsync(source, "select not exists (select 1 from sje.tasks)");
    }

    private static async Task<double> ClaimTimeAsync(
        NpgsqlDataSource source,
        TaskQueue queue,
        Guid worker,
        ExecutionIntake intake,
        Func<Submission> job,
        bool keep = false
    )
    {
        const int Claims = 30;
        const int AtOnce = 100;
        if (!keep)
        {
            for (var i = 0; i < Claims * AtOnce / Batch; i++)
            {
                await intake.AcceptAsync([.. Enumerable.Range(0, Batch).Select(_ => job())], CancellationToken.None);
            }
        }

        var request = new ClaimRequest(
            worker,
            [DirectLane.LoopQueue],
            [NoopEngine.TypeName],
            [],
            AtOnce,
            1,
            1,
            Lanes.Direct
        );
        var times = new List<double>();
        var unreadable = new List<UnreadableTask>();
        for (var i = 0; i < Claims; i++)
        {
            var began = Clock.GetTimestamp();
            var tasks = await queue.ClaimAsync(request, unreadable, CancellationToken.None);
            times.Add(Clock.GetElapsedTime(began).TotalMilliseconds);
            if (tasks.Count != AtOnce)
            {
                throw new InvalidOperationException($"A claim brought {tasks.Count} tasks.");
            }
        }

        await ExecuteAsync(source, "delete from sje.tasks where state = 'running'");
        times.Sort();
        return times[times.Count / 2];
    }

    private static async Task FillWaitingAsync(NpgsqlDataSource source, long count)
    {
        await ExecuteAsync(
            source,
            $$"""
            with e as (
                insert into sje.executions (id, name, job_type, queue, spec, state, task_count)
                select gen_random_uuid(), 'waiting', 'x', '{{DirectLane.LoopQueue}}', '{}', 'queued', 1 from generate_series(1, {{count}})
                returning id)
            insert into sje.tasks (id, execution_id, name, ordinal, type, queue, lane, rank, state, spec, max_attempts, dispatched)
            select gen_random_uuid(), id, 'main', 0, '{{NoopEngine.TypeName}}', '{{DirectLane.LoopQueue}}', 'direct', clock_timestamp(),
                'queued', '{"settings": {}, "retry": {}, "resources": {}, "parameters": []}', 3, true
            from e
            """
        );
        await ExecuteAsync(source, "vacuum analyze sje.tasks");
    }

    private static async Task FillHistoryAsync(NpgsqlDataSource source, long count)
    {
        const int AtOnce = 1_000_000;
        for (long done = 0; done < count; done += AtOnce)
        {
            await ExecuteAsync(
                source,
                $$"""
                with e as (
                    insert into sje.executions (id, name, job_type, queue, spec, state, task_count, finished_at)
                    select (lpad(to_hex((extract(epoch from now()) * 1000)::bigint), 12, '0') || substr(md5(n::text || '{{done}}'), 13))::uuid,
                        'past', 'x', 'past', '{}', 'succeeded', 1, now()
                    from generate_series(1, {{Math.Min(AtOnce, count - done)}}) n
                    returning id), a as (
                    insert into sje.attempts (execution_id, task_id, number, worker_id, worker_name, ended_at, outcome)
                    select id, id, 1, id, 'w', now(), 'succeeded' from e)
                insert into sje.finished_tasks (id, execution_id, name, ordinal, type, queue, lane, rank, state, spec, max_attempts, finished_at)
                select id, id, 'main', 0, 'x', 'past', 'direct', now(), 'succeeded', '{}', 3, now() from e
                """
            );
        }

        await ExecuteAsync(source, "vacuum analyze sje.executions");
    }

    private static async Task<TimeSpan> CopyAsync(NpgsqlDataSource source)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using (
            var stage = new NpgsqlCommand(
                """
                create temp table ids as select execution_id as old, gen_random_uuid() as new from sje.tasks;
                create temp table c_executions as select e.* from sje.executions e join ids on ids.old = e.id;
                update c_executions set id = ids.new from ids where ids.old = c_executions.id;
                create temp table c_tasks as select * from sje.tasks;
                update c_tasks set id = gen_random_uuid(), execution_id = ids.new from ids where ids.old = c_tasks.execution_id;
                create temp table c_events as select e.* from sje.events e join ids on ids.old = e.execution_id;
                update c_events set execution_id = ids.new from ids where ids.old = c_events.execution_id;
                """,
                connection
            )
        )
        {
            await stage.ExecuteNonQueryAsync();
        }

        var rows = new List<(string Table, string Columns, byte[] Data)>();
        foreach (var table in Copied)
        {
            await using var names = new NpgsqlCommand(
                """
                select string_agg(quote_ident(column_name), ', ' order by ordinal_position) from information_schema.columns
                where table_schema = 'sje' and table_name = $1 and is_generated = 'NEVER' and column_name not in ('seq', 'xid')
                """,
                connection
            );
            names.Parameters.Add(new() { Value = table });
            var columns = (string)(await names.ExecuteScalarAsync() ?? "");
            await using var reading = await connection.BeginRawBinaryCopyAsync(
                $"copy (select {columns} from c_{table}) to stdout (format binary)"
            );
            using var memory = new MemoryStream();
            await reading.CopyToAsync(memory);
            rows.Add((table, columns, memory.ToArray()));
        }

        var began = Clock.GetTimestamp();
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            foreach (var (table, columns, data) in rows)
            {
                await using var writing = await connection.BeginRawBinaryCopyAsync(
                    $"copy sje.{table} ({columns}) from stdin (format binary)"
                );
                await writing.WriteAsync(data);
            }

            await transaction.CommitAsync();
        }

        var took = Clock.GetElapsedTime(began);
        await using var drop = new NpgsqlCommand("drop table ids, c_executions, c_tasks, c_events", connection);
        await drop.ExecuteNonQueryAsync();
        return took;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static long Number(string variable, long otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text
            ? long.Parse(text, CultureInfo.InvariantCulture)
            : otherwise;

    private static async Task WaitAsync(NpgsqlDataSource source, string condition)
    {
        var began = Clock.GetTimestamp();
        while (true)
        {
            await using var command = source.CreateCommand(condition);
            if (await command.ExecuteScalarAsync() is true)
            {
                return;
            }

            if (Clock.GetElapsedTime(began) > TimeSpan.FromSeconds(90))
            {
                throw new TimeoutException(condition);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), Clock);
        }
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync();
    }
}
