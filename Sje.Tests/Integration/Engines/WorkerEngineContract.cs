using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Sje.Core.Jobs;
using Sje.Jobs.Engines;
using Sje.Jobs.Engines.Sql;
using Sje.Jobs.Queueing;
using Sje.Tests.Support;

namespace Sje.Tests.Integration.Engines;

/// <summary>Jobs of types <c>http</c> and <c>sql</c> from their text to their end, through queue and worker.</summary>
public abstract class WorkerEngineContract(string lane) : LaneContract(lane)
{
    [Fact]
    public async Task A_request_that_is_put_off_is_not_made_again_before_the_time_it_was_given()
    {
        await using var target = await HttpTarget.StartAsync(
            (target, context) =>
            {
                context.Response.StatusCode = target.Requests.Count == 1 ? 429 : 200;
                context.Response.Headers.RetryAfter = "3";
                return Task.CompletedTask;
            }
        );
        await using var node = await StartAsync();

        var id = await SubmitAsync(
            node,
            $$$"""
            {"name": "x", "type": "http", "http": {"url": "{{{target.Address}}}"},
             "retry": {"policy": "fixed", "initialDelay": "10ms"}}
            """
        );

        await Db.ExecutionBecomesAsync(id, "succeeded", 60);
        Assert.Equal("failed,succeeded", await Db.OutcomesAsync(id));
        Assert.InRange(
            await Db.ScalarAsync<double>(
                """
                select extract(epoch from max(b.started_at) - max(a.ended_at))::float8 from sje.all_attempts a, sje.all_attempts b
                where a.execution_id = $1 and b.execution_id = $1 and a.number = 1 and b.number = 2
                """,
                id
            ),
            2.9,
            60
        );
    }

    [Fact]
    public async Task A_refused_request_is_made_again_and_one_that_is_wrong_is_not()
    {
        var port = HttpEngineTests.FreePort();
        await using var node = await StartAsync();
        var refused = await SubmitAsync(
            node,
            $$$"""
            {"name": "x", "type": "http", "http": {"url": "http://127.0.0.1:{{{port}}}/", "expect": {"status": [200]}},
             "retry": {"policy": "fixed", "initialDelay": "200ms", "maxAttempts": 100}}
            """
        );
        await Eventually.TrueAsync(
            async () => (await Db.OutcomesAsync(refused))?.Contains("failed,failed", StringComparison.Ordinal) == true,
            "two attempts met nobody",
            60
        );

        await using var target = await HttpTarget.StartAsync(
            (_, context) =>
            {
                context.Response.StatusCode = context.Request.Path == "/" ? 200 : 404;
                return Task.CompletedTask;
            },
            port
        );
        var wrong = await SubmitAsync(
            node,
            $$$"""{"name": "x", "type": "http", "http": {"url": "http://127.0.0.1:{{{port}}}/nothing"}}"""
        );

        await Db.ExecutionBecomesAsync(refused, "succeeded", 60);
        await Db.ExecutionBecomesAsync(wrong, "failed", 60);
        Assert.Equal("failed", await Db.OutcomesAsync(wrong));
    }

    [Fact]
    public async Task A_cancelled_request_is_given_up()
    {
        await using var target = await HttpTarget.StartAsync((target, context) => target.HoldAsync(context));
        await using var node = await StartAsync();
        var id = await SubmitAsync(
            node,
            $$$"""{"name": "x", "type": "http", "http": {"url": "{{{target.Address}}}", "timeout": "1h"}}"""
        );
        await Eventually.TrueAsync(() => Task.FromResult(!target.Requests.IsEmpty), "the request has come", 60);

        await node.Control.CancelAsync(id, "test", CancellationToken.None);

        await target.GivenUp.Task.WaitAsync(TimeSpan.FromSeconds(60));
        await Db.ExecutionBecomesAsync(id, "cancelled", 60);
        Assert.Equal("cancelled", await Db.OutcomesAsync(id));
    }

    [Fact]
    public async Task What_one_task_was_answered_another_writes_into_a_table_as_a_value()
    {
        await using var target = await HttpTarget.StartAsync(
            async (_, context) =>
            {
                context.Response.ContentType = "application/json";
                await context.Response.WriteAsync("""{"name": "x'); drop table guests; --", "age": 41}""");
            }
        );
        await ExecuteAsync("create table guests (name text, age int, seen date)");
        await using var node = await StartAsync();

        var id = await SubmitAsync(
            node,
            $$$"""
            {"name": "x", "parameters": {"day": {"type": "date", "default": "2026-02-03"}}, "tasks": [
              {"name": "ask", "type": "http", "http": {"url": "{{{target.Address}}}"}},
              {"name": "write", "type": "sql", "dependsOn": ["ask"], "sql": {"connection": "{{ tasks.ask.outputs.headers.server }}",
                "statement": "insert into guests values (@name, @age, @seen) returning name, age, seen, age + 1 as next",
                "parameters": {"name": "{{ tasks.ask.outputs.body.name }}", "age": "{{ tasks.ask.outputs.body.age }}", "seen": "{{ parameters.day }}"} } }]}
            """
        );

        await Eventually.TrueAsync(
            async () => await Db.ExecutionStateAsync(id) is "succeeded" or "failed",
            "the execution ends",
            60
        );
        Assert.Null(
            await Db.ScalarAsync<string>(
                "select string_agg(error::text, ';') from sje.all_attempts where execution_id = $1",
                id
            )
        );
        Assert.Equal(
            "x'); drop table guests; -- 41 2026-02-03",
            await Db.ScalarAsync<string>("select name || ' ' || age || ' ' || seen from guests")
        );
        var outputs = JsonNode.Parse(
            (
                await Db.ScalarAsync<string>(
                    "select outputs::text from sje.finished_tasks where execution_id = $1 and name = 'write'",
                    id
                )
            )!
        );
        Assert.True(
            JsonNode.DeepEquals(
                JsonNode.Parse(
                    """{"rowsAffected": 1, "rowCount": 1, "firstRow": {"name": "x'); drop table guests; --", "age": 41, "seen": "2026-02-03", "next": 42}}"""
                ),
                outputs
            ),
            outputs!.ToJsonString()
        );
    }

    [Fact]
    public async Task A_cancelled_statement_ends_in_the_database_and_leaves_nothing()
    {
        await ExecuteAsync("create table half (n int)");
        await using var node = await StartAsync();
        var id = await SubmitAsync(
            node,
            """{"name": "x", "type": "sql", "sql": {"connection": "kestrel", "statement": "insert into half values (1); select pg_sleep(600) as sleeping_beauty"}}"""
        );
        const string Sleepers =
            "select count(*) from pg_stat_activity where query like '%sleeping_beauty%' and state = 'active' and pid <> pg_backend_pid()";
        await Eventually.TrueAsync(async () => await Db.ScalarAsync<long>(Sleepers) == 1, "the statement runs", 60);

        await node.Control.CancelAsync(id, "test", CancellationToken.None);

        await Db.ExecutionBecomesAsync(id, "cancelled", 60);
        await Eventually.TrueAsync(async () => await Db.ScalarAsync<long>(Sleepers) == 0, "nothing runs", 60);
        Assert.Equal(0L, await Db.ScalarAsync<long>("select count(*) from half"));
    }

    [Fact]
    public async Task An_unknown_connection_is_a_failure_for_good()
    {
        await using var node = await StartAsync();

        var id = await SubmitAsync(
            node,
            """{"name": "x", "type": "sql", "sql": {"connection": "lake", "statement": "select 1"}}"""
        );

        await Db.ExecutionBecomesAsync(id, "failed", 60);
        Assert.Equal("failed", await Db.OutcomesAsync(id));
        Assert.Contains(
            "no connection 'lake': those of its configuration are kestrel.",
            await Db.ScalarAsync<string>("select error::text from sje.all_attempts where execution_id = $1", id),
            StringComparison.Ordinal
        );
    }

    // The connection is named as Kestrel names itself, so that a header of an answer can name it.
    private Task<TestNode> StartAsync() =>
        StartAsync(services: services =>
            services.Configure<SqlOptions>(sql =>
                sql.Connections["kestrel"] = new ConnectionOptions { ConnectionString = Db.ConnectionString }
            )
        );

    private async Task<Guid> SubmitAsync(TestNode node, string job)
    {
        var read = new JobReader(BuiltInEngines.Types()).Read(Encoding.UTF8.GetBytes(job));
        Assert.Empty(read.Faults);
        var answers = await node.Intake.AcceptAsync(
            [
                new Submission
                {
                    Job = read.Spec! with { Queue = Queue },
                    Parameters = ParameterBinder.Bind(read.Spec!, []).Values,
                },
            ],
            CancellationToken.None
        );
        return ((SubmissionAccepted)answers[0]).ExecutionId;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, await Db.Database.Main.OpenConnectionAsync());
        await using (command.Connection)
        {
            await command.ExecuteNonQueryAsync();
        }
    }
}

/// <summary>As background jobs.</summary>
public sealed class BackgroundWorkerEngineTests() : WorkerEngineContract(Lanes.Background);

/// <summary>As calls of the feed.</summary>
public sealed class DirectWorkerEngineTests() : WorkerEngineContract(Lanes.Direct);
