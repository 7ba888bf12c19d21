using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Tests.Unit.Jobs;

public class ConcurrencyReaderTests
{
    [Fact]
    public void A_job_limits_its_executions_and_queues_them_where_it_says_nothing_else()
    {
        Assert.Equal(
            new ConcurrencySpec(2, ConcurrencyPolicy.Queue),
            Reading.Good("type: noop\nconcurrency: {max: 2}").Concurrency
        );
        Assert.Equal(
            new ConcurrencySpec(1, ConcurrencyPolicy.Skip),
            Reading.Good("type: noop\nconcurrency: {max: 1, policy: skip}").Concurrency
        );
        Assert.Null(Reading.Good("type: noop").Concurrency);
    }

    [Fact]
    public void A_key_of_the_job_is_that_of_its_tasks_unless_they_have_their_own()
    {
        var job = Reading.Good(
            """
            concurrency: {key: prod, limit: 5}
            tasks:
              - {name: a, type: noop}
              - {name: b, type: noop, concurrency: {key: other, limit: 1}}
            """
        );

        Assert.Null(job.Concurrency);
        Assert.Equal(
            [new ConcurrencyKey("prod", 5), new ConcurrencyKey("other", 1)],
            job.Tasks.Select(t => t.ConcurrencyKey)
        );
    }

    [Theory]
    [InlineData("{}", "/concurrency/key", FaultCodes.Required)]
    [InlineData("{max: 0}", "/concurrency/max", FaultCodes.OutOfRange)]
    [InlineData("{max: many}", "/concurrency/max", FaultCodes.WrongType)]
    [InlineData("{policy: skip}", "/concurrency/max", FaultCodes.Required)]
    [InlineData("{max: 1, policy: skp}", "/concurrency/policy", FaultCodes.InvalidValue)]
    [InlineData("{key: prod}", "/concurrency/limit", FaultCodes.Required)]
    [InlineData("{limit: 3}", "/concurrency/key", FaultCodes.Required)]
    [InlineData("{key: '/', limit: 3}", "/concurrency/key", FaultCodes.InvalidValue)]
    [InlineData("{key: prod, limit: -1}", "/concurrency/limit", FaultCodes.OutOfRange)]
    [InlineData("{maximum: 1, max: 1}", "/concurrency/maximum", FaultCodes.UnknownField)]
    [InlineData("3", "/concurrency", FaultCodes.WrongType)]
    public void What_is_wrong_is_told_at_its_field(string value, string pointer, string code)
    {
        var faults = Reading.Job($"type: noop\nconcurrency: {value}").Faults;
        Assert.Contains(faults, f => f.Pointer == pointer && f.Code == code);
    }

    [Fact]
    public void How_many_executions_go_on_is_no_matter_of_a_task() =>
        Assert.Contains(
            Reading.Job("tasks: [{name: a, type: noop, concurrency: {key: k, limit: 1, max: 1}}]").Faults,
            f => f.Pointer == "/tasks/0/concurrency/max" && f.Detail.Contains("at the job", StringComparison.Ordinal)
        );

    [Theory]
    [InlineData("http://API.example.com/x", "http:api.example.com")]
    [InlineData("https://api.example.com:8443/{{ parameters.n }}", "http:api.example.com:8443")]
    [InlineData("http://{{ parameters.n }}/x", null)]
    [InlineData("http://a.{{ parameters.n }}", null)]
    public void The_target_of_a_request_is_its_host_where_that_is_known(string url, string? target) =>
        Assert.Equal(target, new HttpTaskType().TargetOf(new JsonObject { ["url"] = url }));
}
