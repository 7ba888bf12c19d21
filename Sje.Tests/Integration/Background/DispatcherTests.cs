using System.Globalization;
using System.Text.Json.Nodes;
using Hangfire.States;
using Sje.Jobs.Background;
using Sje.Jobs.Queueing;
using Sje.Tests.Support;
using static Sje.Tests.Support.TestNode;

namespace Sje.Tests.Integration.Background;

/// <summary>Background jobs are made by a statement of ours; Hangfire must not be able to tell.</summary>
public class DispatcherTests(TestDatabase db) : IClassFixture<TestDatabase>
{
    private const string JobRow = """
        select jsonb_build_object('state', statename, 'calls', invocationdata, 'arguments', arguments, 'expires', expireat is not null,
            'updates', updatecount, 'parameters', (select count(*) from hangfire.jobparameter p where p.jobid = j.id))::text
        from hangfire.job j where id = $1
        """;

    private const string StateRow = """
        select jsonb_build_object('name', s.name, 'reason', s.reason, 'queue', s.data ->> 'Queue', 'fields', (
                select jsonb_agg(k order by k) from jsonb_object_keys(s.data) k),
            'since', s.data ->> 'EnqueuedAt' ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$',
            'current', j.stateid = s.id, 'young', now() - s.createdat < interval '1 minute')::text
        from hangfire.state s join hangfire.job j on j.id = s.jobid where jobid = $1
        """;

    [Theory]
    [InlineData("nightly", "default")]
    [InlineData("Ünïcode \"quotes\" <b>&amp;</b> \\ / 🙂", "default")]
    [InlineData("late", "a-queue-that-came-later")]
    public async Task A_job_looks_as_Hangfires_client_would_have_made_it(string name, string queue)
    {
        await using var node = await StartAsync(db, worker: false);
        var submission = Job(Task("main", "ok"));
        var accepted = await node.Intake.AcceptAsync(
            [submission with { Job = submission.Job with { Name = name, Queue = queue } }],
            CancellationToken.None
        );
        var id = ((SubmissionAccepted)accepted[0]).ExecutionId;
        var ours = await Eventually.GetAsync(() => db.HangfireJobAsync(id), j => j > 0, "a background job");

        var task = await db.ScalarAsync<Guid>("select id from sje.tasks where execution_id = $1", id);
        var theirs = long.Parse(
            node.Hangfire.Create(TaskJob.Of(name, task, "default"), new EnqueuedState("default")),
            CultureInfo.InvariantCulture
        );

        foreach (var sql in new[] { JobRow, StateRow })
        {
            var made = JsonNode.Parse((await db.ScalarAsync<string>(sql, ours))!);
            var expected = JsonNode.Parse((await db.ScalarAsync<string>(sql, theirs))!);
            Assert.True(JsonNode.DeepEquals(Plain(expected), Plain(made)), $"expected {expected}, made {made}");
        }
    }

    [Fact]
    public async Task Several_processes_make_one_job_a_task()
    {
        await using var one = await StartAsync(db, worker: false);
        await using var two = await StartAsync(db, worker: false);
        await using var three = await StartAsync(db, worker: false);
        var jobs = Enumerable.Range(0, 600).Select(_ => Job(Task("main", "ok"))).ToList();

        var accepted = await two.Intake.AcceptAsync(jobs, CancellationToken.None);

        var ids = accepted.Select(a => ((SubmissionAccepted)a).ExecutionId).ToArray();
        await Eventually.TrueAsync(
            async () =>
                await db.ScalarAsync<long>(
                    "select count(distinct hangfire_job_id) from sje.tasks where execution_id = any ($1) and dispatched",
                    ids
                ) == 600,
            "every task has a job"
        );
        Assert.Equal(
            600L,
            await db.ScalarAsync<long>(
                """
                select count(*) from hangfire.job j
                where exists (select 1 from sje.tasks t where t.execution_id = any ($1) and j.arguments ->> 1 = to_jsonb(t.id)::text)
                """,
                ids
            )
        );
    }

    /// <summary>
    /// Arguments are JSON inside JSON; how their letters are escaped is nobody's business. Hangfire writes them a second time into what is
    /// called, and never reads them there.
    /// </summary>
    private static JsonNode? Plain(JsonNode? row)
    {
        (row?["calls"] as JsonObject)?.Remove("Arguments");
        if (row?["arguments"] is JsonArray arguments)
        {
            row["arguments"] = new JsonArray([.. arguments.Select(a => JsonNode.Parse(a!.GetValue<string>()))]);
        }

        return row;
    }
}
