using Npgsql;
using Sje.Jobs.Queueing;
using Sje.Tests.Support;

namespace Sje.Tests.Integration.Queueing;

/// <summary>Single submissions that arrive at the same time and share transactions.</summary>
public sealed class IntakeTogetherTests(TestDatabase db) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task One_that_cannot_be_stored_is_refused_alone_and_a_key_is_used_once()
    {
        await using var node = await TestNode.StartAsync(db, worker: false);
        var job = TestNode.Job(TestNode.Task("main", "ok"));
        // PostgreSQL has no text with NUL in it.
        var wrong = job with
        {
            Job = job.Job with { Name = "a\0b" },
        };
        var keyed = job with { IdempotencyKey = "once", BodyHash = [1] };

        var plain = Enumerable.Range(0, 60).Select(_ => AcceptAsync(node, job)).ToList();
        var refused = AcceptAsync(node, wrong);
        var same = Enumerable.Range(0, 20).Select(_ => AcceptAsync(node, keyed)).ToList();

        Assert.Equal(
            60,
            (await Task.WhenAll(plain)).Cast<SubmissionAccepted>().Select(a => a.ExecutionId).Distinct().Count()
        );
        await Assert.ThrowsAsync<PostgresException>(() => refused);
        var answers = await Task.WhenAll(same);
        var first = Assert.Single(answers.OfType<SubmissionAccepted>());
        Assert.All(answers.OfType<Repeated>(), repeated => Assert.Equal(first.ExecutionId, repeated.ExecutionId));
        Assert.Equal(19, answers.OfType<Repeated>().Count());
        Assert.Equal(61L, await db.ScalarAsync<long>("select count(*) from sje.executions"));
    }

    private static Task<IntakeResult> AcceptAsync(TestNode node, Submission submission) =>
        node.Intake.AcceptOneAsync(submission, CancellationToken.None);
}
