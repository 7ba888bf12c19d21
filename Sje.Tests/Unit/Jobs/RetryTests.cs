using System.Text;
using System.Text.Json;
using Sje.Core.Jobs;
using Sje.Core.Reliability;

namespace Sje.Tests.Unit.Jobs;

public class RetryTests
{
    private static readonly JobReader Configured = new(
        new TaskTypes([new Reading.AnyTaskType("noop")]),
        new RetryPolicies([
            new RetryPolicy { Name = "patient", MaxAttempts = 50 },
            new RetryPolicy { Name = "network_error", MaxAttempts = 9 },
        ])
    );

    private static readonly TaskError Network = new("exit_code", "It ended.", 1, LogTail: "Connection refused");
    private static readonly TaskError Unknown = new("exit_code", "It ended with exit code 3.", 3);

    [Theory]
    [InlineData("retry: {}", "network_error 5 2 120", "default 3 1 60")]
    [InlineData("retry: {policy: default}", "default 3 1 60", "default 3 1 60")]
    [InlineData("retry: {policy: critical_job}", "critical_job 5 1 30", "critical_job 5 1 30")]
    [InlineData("retry: {policy: critical_job, maxAttempts: 2}", "critical_job 2 1 30", "critical_job 2 1 30")]
    // What a job says beside holds for the policies that classes pick too.
    [InlineData("retry: {maxAttempts: 2}", "network_error 2 2 120", "default 2 1 60")]
    [InlineData("retry: {initialDelay: 90s}", "network_error 5 90 120", "default 3 90 90")]
    [InlineData("retry: {maxDelay: 1s}", "network_error 5 1 1", "default 3 1 1")]
    [InlineData("retry: {on: [{class: network, policy: fixed}]}", "fixed 3 1 60", "default 3 1 60")]
    [InlineData("retry: {policy: none, on: [{class: network, policy: fixed}]}", "fixed 3 1 60", "none 1 1 60")]
    // A rule's policy is as it is.
    [InlineData(
        "retry: {maxAttempts: 2, on: [{exitCode: 1, policy: network_error}]}",
        "network_error 5 2 120",
        "default 2 1 60"
    )]
    public void A_failure_is_tried_again_by_the_policy_of_the_job_else_of_its_class(
        string retry,
        string network,
        string other
    )
    {
        var spec = Reading.Good($"type: noop\n{retry}").Tasks[0].Retry;
        Assert.Equal([network, other], new[] { Network, Unknown }.Select(e => Figures(Decide(spec, e).Policy)));
    }

    [Theory]
    [InlineData("{exitCode: 3, policy: none}", true)]
    [InlineData("{exitCode: [2, 3], policy: none}", true)]
    [InlineData("{exitCode: [2, 4], policy: none}", false)]
    [InlineData("{class: exit_code, policy: none}", true)]
    [InlineData("{class: [killed, network], policy: none}", false)]
    [InlineData("{exception: ValueError, policy: none}", true)]
    [InlineData("{exception: KeyError, policy: none}", false)]
    [InlineData("{logPattern: '^ValueError: .* 7$', policy: none}", true)]
    [InlineData("{logPattern: 'valueerror', policy: none}", false)]
    [InlineData("{logPattern: '(?i)valueerror', policy: none}", true)]
    [InlineData("{signal: SIGTERM, policy: none}", false)]
    // All that a rule says must hold.
    [InlineData("{exitCode: 3, exception: ValueError, policy: none}", true)]
    [InlineData("{exitCode: 4, exception: ValueError, policy: none}", false)]
    // The first that matches decides.
    [InlineData("{exitCode: 3, policy: default}, {class: exit_code, policy: none}", false)]
    public void A_rule_of_the_job_makes_a_failure_permanent(string rules, bool permanent)
    {
        var spec = Reading.Good($"type: noop\nretry: {{on: [{rules}]}}").Tasks[0].Retry;
        var decision = Decide(spec, Unknown with { LogTail = "Traceback\nValueError: not 7\nbye" });
        Assert.Equal(permanent, decision.Delay is null);
        Assert.Equal(permanent, decision.Policy is null);
    }

    [Fact]
    public void A_signal_is_matched_by_its_name_and_an_invalid_task_is_retried_where_the_job_says_so()
    {
        var spec = Reading
            .Good(
                "type: noop\nretry: {on: [{signal: [SIGTERM, SIGHUP], policy: none}, {class: invalid, policy: default}]}"
            )
            .Tasks[0]
            .Retry;
        Assert.Null(Decide(spec, new TaskError("killed", "ended by SIGTERM", 143, "SIGTERM")).Delay);
        Assert.NotNull(Decide(spec, new TaskError("killed", "ended by SIGSEGV", 139, "SIGSEGV")).Delay);
        Assert.NotNull(Decide(spec, new TaskError("invalid", "never")).Delay);
        Assert.Null(Decide(new RetrySpec(), new TaskError("invalid", "never")).Delay);
    }

    [Fact]
    public void Failures_are_counted_over_all_classes_against_the_policy_of_the_last()
    {
        var spec = new RetrySpec();
        Assert.NotNull(Decide(spec, Network, failures: 4).Delay);
        Assert.Null(Decide(spec, Network, failures: 5).Delay);
        Assert.NotNull(Decide(spec, Unknown, failures: 2).Delay);
        Assert.Null(Decide(spec, Unknown, failures: 3).Delay);
    }

    [Theory]
    [InlineData(50, null, true)]
    [InlineData(59, null, true)]
    [InlineData(60, null, false)]
    [InlineData(50, 10, true)]
    [InlineData(50, 11, false)]
    public void No_attempt_begins_later_than_the_job_allows_after_the_first(int elapsed, int? retryAfter, bool again)
    {
        var spec = Reading
            .Good("type: noop\nretry: {maxElapsed: 1m, jitter: none, maxAttempts: 100, backoff: fixed}")
            .Tasks[0]
            .Retry;
        TimeSpan? asked = retryAfter is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        var decision = RetryDecision.On(spec, Unknown, new(7, 5, TimeSpan.FromSeconds(elapsed), asked), 0.5);
        Assert.Equal(again, decision.Delay is not null);
        Assert.Equal(
            again,
            !decision.Reason.EndsWith(
                "the next attempt would begin later than 1m after the first",
                StringComparison.Ordinal
            )
        );
    }

    [Fact]
    public void The_reason_says_which_attempt_its_class_its_policy_and_when_the_next_begins()
    {
        Assert.Equal(
            "attempt 4 failed (2 of 3): It ended with exit code 3 (exit_code); policy default; next in 1 s",
            Decide(new RetrySpec(), Unknown, failures: 2, attempt: 4).Reason
        );
        Assert.Equal(
            "attempt 4 failed (3 of 3) for good: It ended with exit code 3 (exit_code); policy default",
            Decide(new RetrySpec(), Unknown, failures: 3, attempt: 4).Reason
        );
        Assert.Equal(
            "attempt 1 failed for good: never (invalid); such a failure is permanent",
            Decide(new RetrySpec(), new TaskError("invalid", "never")).Reason
        );
        Assert.Equal("network", Decide(new RetrySpec(), Network).Error.Class);
    }

    [Fact]
    public void What_the_configuration_says_of_policies_goes_with_the_task()
    {
        var spec = Read("type: noop\nretry: {on: [{exitCode: 3, policy: patient}]}").Spec!.Tasks[0].Retry;
        // As a worker reads it that knows the built-in policies alone.
        var stored = JsonSerializer.Deserialize<RetrySpec>(JsonSerializer.Serialize(spec))!;
        Assert.Equal(
            ["patient 50 1 60", "network_error 9 1 60"],
            new[] { Unknown, Network }.Select(e => Figures(Decide(stored, e).Policy))
        );
        Assert.Equal("patient", Decide(stored, Unknown, failures: 49).Policy!.Name);
    }

    [Fact]
    public void A_task_carries_no_figures_that_every_worker_knows() =>
        Assert.Equal("{}", JsonSerializer.Serialize(Reading.Good("type: noop").Tasks[0].Retry));

    [Fact]
    public void An_earlier_version_s_task_is_retried_as_it_was_accepted()
    {
        var stored = JsonSerializer.Deserialize<RetrySpec>(
            """{"policy":"default","maxAttempts":7,"initialDelay":"00:00:02","maxDelay":"00:01:00"}""",
            JsonSerializerOptions.Web
        )!;
        Assert.Equal("default 7 2 60", Figures(Decide(stored, Network).Policy));
    }

    [Fact]
    public void A_policy_that_nobody_knows_is_refused_where_it_stands_with_those_that_there_are()
    {
        var fault = Assert.Single(
            Read("type: noop\nname: x\nretry:\n  on:\n    - {exitCode: 3, policy: patent}\n").Faults
        );
        Assert.Equal(("/retry/on/0/policy", "invalid_value", 5), (fault.Pointer, fault.Code, fault.Line));
        Assert.EndsWith(
            "Did you mean 'patient'? Known are default, network_error, resource_exhausted, temporary_failure, critical_job, fixed, none, patient.",
            fault.Detail,
            StringComparison.Ordinal
        );
        Assert.Equal(
            ["/tasks/0/retry/policy invalid_value"],
            Reading.Faults("tasks: [{name: a, type: noop, retry: {policy: patient}}]")
        );
    }

    [Fact]
    public void A_task_s_own_words_win_over_the_job_s_and_its_rules_replace_them()
    {
        var job = Reading.Good(
            """
            retry: {policy: critical_job, maxAttempts: 7, factor: 3, on: [{class: network, policy: none}]}
            tasks:
              - {name: a, type: noop}
              - {name: b, type: noop, retry: {policy: network_error}}
              - {name: c, type: noop, retry: {on: []}}
              - {name: d, type: noop, retry: {backoff: linear}}
            """
        );
        Assert.Equal(
            ["critical_job", "network_error", "critical_job", "critical_job"],
            job.Tasks.Select(t => t.Retry.Policy)
        );
        Assert.All(job.Tasks, t => Assert.Equal(7, t.Retry.MaxAttempts));
        Assert.Equal([1, 1, 0, 1], job.Tasks.Select(t => t.Retry.On!.Count));
        Assert.Equal([3.0, 3.0, 3.0, null], job.Tasks.Select(t => t.Retry.Factor));
    }

    [Theory]
    [InlineData("{backoff: exponentil}", "/retry/backoff invalid_value")]
    [InlineData("{backoff: 1}", "/retry/backoff wrong_type")]
    [InlineData("{jitter: half}", "/retry/jitter invalid_value")]
    [InlineData("{factor: 0.5}", "/retry/factor out_of_range")]
    [InlineData("{factor: 1000}", "/retry/factor out_of_range")]
    [InlineData("{factor: 2, backoff: fixed}", "/retry/factor conflict")]
    [InlineData("{factor: 2, policy: fixed}", "/retry/factor conflict")]
    [InlineData("{maxElapsed: 0s}", "/retry/maxElapsed out_of_range")]
    [InlineData("{maxElapsed: soon}", "/retry/maxElapsed invalid_value")]
    [InlineData("{on: {exitCode: 1}}", "/retry/on wrong_type")]
    [InlineData("{on: [3]}", "/retry/on/0 wrong_type")]
    [InlineData("{on: [{policy: none}]}", "/retry/on/0 required")]
    [InlineData("{on: [{exitCode: 1}]}", "/retry/on/0/policy required")]
    [InlineData("{on: [{exitCode: 1, policy: none, codes: 3}]}", "/retry/on/0/codes unknown_field")]
    [InlineData("{on: [{exitCode: 0, policy: none}]}", "/retry/on/0/exitCode out_of_range")]
    [InlineData("{on: [{exitCode: [1, 256], policy: none}]}", "/retry/on/0/exitCode/1 out_of_range")]
    [InlineData("{on: [{exitCode: [1, x], policy: none}]}", "/retry/on/0/exitCode/1 wrong_type")]
    [InlineData("{on: [{exitCode: [], policy: none}]}", "/retry/on/0/exitCode required")]
    [InlineData("{on: [{exitCode: '3', policy: none}]}", "/retry/on/0/exitCode wrong_type")]
    [InlineData("{on: [{class: netwrk, policy: none}]}", "/retry/on/0/class invalid_value")]
    [InlineData("{on: [{class: [network, 3], policy: none}]}", "/retry/on/0/class/1 wrong_type")]
    [InlineData("{on: [{signal: TERM, policy: none}]}", "/retry/on/0/signal invalid_value")]
    [InlineData("{on: [{exception: 'a b', policy: none}]}", "/retry/on/0/exception invalid_value")]
    [InlineData("{on: [{logPattern: '[', policy: none}]}", "/retry/on/0/logPattern invalid_value")]
    [InlineData("{on: [{logPattern: '(?=x)', policy: none}]}", "/retry/on/0/logPattern invalid_value")]
    [InlineData("{on: [{logPattern: '(a)\\1', policy: none}]}", "/retry/on/0/logPattern invalid_value")]
    [InlineData("{on: [{logPattern: '(a{1000}){1000}', policy: none}]}", "/retry/on/0/logPattern invalid_value")]
    [InlineData("{on: [{logPattern: '', policy: none}]}", "/retry/on/0/logPattern invalid_value")]
    public void What_cannot_be_meant_is_refused_at_its_pointer(string retry, string fault) =>
        Assert.Equal([fault], Reading.Faults($"type: noop\nretry: {retry}"));

    [Fact]
    public void A_hundred_rules_are_too_many() =>
        Assert.Equal(
            ["/retry/on too_many"],
            Reading.Faults(
                $"type: noop\nretry: {{on: [{string.Join(", ", Enumerable.Repeat("{exitCode: 1, policy: none}", 100))}]}}"
            )
        );

    private static JobReadResult Read(string text) => Configured.Read(Encoding.UTF8.GetBytes(text));

    private static RetryDecision Decide(RetrySpec spec, TaskError error, int failures = 1, int attempt = 1) =>
        RetryDecision.On(spec, error, new RetryOccasion(attempt, failures, TimeSpan.Zero), 0.5);

    private static string Figures(RetryPolicy? policy) =>
        policy is null
            ? "permanent"
            : $"{policy.Name} {policy.MaxAttempts} {policy.InitialDelay.TotalSeconds} {policy.MaxDelay.TotalSeconds}";
}
