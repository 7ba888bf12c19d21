using System.Text.RegularExpressions;
using Sje.Core.Jobs;

namespace Sje.Tests.Unit.Jobs;

public partial class StateMachineTests
{
    // As in API.md, "States". What is not listed is not allowed.
    private static readonly string[] TaskMoves =
    [
        "blocked -> queued",
        "blocked -> skipped",
        "blocked -> cancelled",
        "queued -> running",
        "queued -> blocked",
        "queued -> cancelled",
        "queued -> timed_out",
        "queued -> skipped",
        "running -> succeeded",
        "running -> failed",
        "running -> waiting_retry",
        "running -> queued",
        "running -> cancelled",
        "running -> timed_out",
        "waiting_retry -> running",
        "waiting_retry -> queued",
        "waiting_retry -> blocked",
        "waiting_retry -> cancelled",
        "waiting_retry -> timed_out",
        "waiting_retry -> skipped",
        "succeeded -> queued",
        "failed -> queued",
        "cancelled -> queued",
        "timed_out -> queued",
        "skipped -> queued",
    ];

    private static readonly string[] ExecutionMoves =
    [
        "accepted -> queued",
        "accepted -> cancelled",
        "accepted -> timed_out",
        "queued -> running",
        "queued -> cancelled",
        "queued -> timed_out",
        "queued -> failed",
        "queued -> succeeded",
        "running -> succeeded",
        "running -> partially_succeeded",
        "running -> failed",
        "running -> cancelled",
        "running -> timed_out",
        "succeeded -> queued",
        "partially_succeeded -> queued",
        "failed -> queued",
        "cancelled -> queued",
        "timed_out -> queued",
    ];

    [Fact]
    public void A_task_makes_these_moves_and_no_others() =>
        Assert.Equal(TaskMoves.Order(), Walk<TaskState>(StateMachine.Allows));

    [Fact]
    public void An_execution_makes_these_moves_and_no_others() =>
        Assert.Equal(ExecutionMoves.Order(), Walk<ExecutionState>(StateMachine.Allows));

    [Fact]
    public void From_a_final_state_only_a_retry_leads_on()
    {
        Assert.Equal(
            ["succeeded", "failed", "cancelled", "timed_out", "skipped"],
            Names(Enum.GetValues<TaskState>().Where(s => s.IsFinal()))
        );
        Assert.Equal(
            ["succeeded", "partially_succeeded", "failed", "cancelled", "timed_out"],
            Names(Enum.GetValues<ExecutionState>().Where(s => s.IsFinal()))
        );
        Assert.All(
            Enum.GetValues<TaskState>(),
            from =>
                Assert.Equal(
                    from.IsFinal(),
                    TaskMoves.Count(m => m.StartsWith(from.ToSnake() + " ", StringComparison.Ordinal)) == 1
                )
        );
    }

    [Fact]
    public void Every_state_reads_back_from_its_name()
    {
        AssertReadsBack<TaskState>();
        AssertReadsBack<ExecutionState>();
        AssertReadsBack<AttemptOutcome>();
        Assert.False(StateNames.TryParseSnake<TaskState>("Queued", out _));
        Assert.False(StateNames.TryParseSnake<TaskState>(null, out _));
        Assert.Throws<ArgumentException>(() => StateNames.ParseSnake<TaskState>("lost"));
    }

    [Fact]
    public void The_schema_allows_the_states_of_the_core_and_no_others()
    {
        var checks = CheckLists();
        Assert.Equal(Names(Enum.GetValues<ExecutionState>()).Order(), checks["executions.state"]);
        Assert.Equal(Names(Enum.GetValues<TaskState>().Where(s => !s.IsFinal())).Order(), checks["tasks.state"]);
        Assert.Equal(
            Names(Enum.GetValues<TaskState>().Where(s => s.IsFinal())).Order(),
            checks["finished_tasks.state"]
        );
        Assert.Equal(Names(Enum.GetValues<AttemptOutcome>()).Order(), checks["attempts.outcome"]);
    }

    [Fact]
    public void An_execution_has_a_finish_time_exactly_in_its_final_states()
    {
        var final = FinishedCheck().Match(Migrations()).Groups["words"].Value;
        Assert.Equal(Names(Enum.GetValues<ExecutionState>().Where(s => s.IsFinal())).Order(), Words(final));
    }

    private static IEnumerable<string> Walk<TState>(Func<TState, TState, bool> allows)
        where TState : struct, Enum =>
        from one in Enum.GetValues<TState>()
        from other in Enum.GetValues<TState>()
        where allows(one, other)
        orderby $"{one.ToSnake()} -> {other.ToSnake()}"
        select $"{one.ToSnake()} -> {other.ToSnake()}";

    private static IEnumerable<string> Names<TState>(IEnumerable<TState> states)
        where TState : struct, Enum => states.Select(s => s.ToSnake());

    private static void AssertReadsBack<TState>()
        where TState : struct, Enum =>
        Assert.All(
            Enum.GetValues<TState>(),
            state => Assert.Equal(state, StateNames.ParseSnake<TState>(state.ToSnake()))
        );

    /// <summary>The words of each <c>check (column in (...))</c> of the migrations, by <c>table.column</c>; of several, the last holds.</summary>
    private static Dictionary<string, IEnumerable<string>> CheckLists()
    {
        var lists = new Dictionary<string, IEnumerable<string>>();
        foreach (Match table in TableDefinition().Matches(Migrations()))
        {
            foreach (Match check in CheckList().Matches(table.Groups["body"].Value))
            {
                lists[$"{table.Groups["name"].Value}.{check.Groups["column"].Value}"] = Words(
                    check.Groups["words"].Value
                );
            }
        }

        return lists;
    }

    private static IEnumerable<string> Words(string list) =>
        list.Split(',').Select(word => word.Trim().Trim('\'')).Order();

    private static string Migrations()
    {
        var assembly = typeof(Sje.Jobs.Storage.Migrator).Assembly;
        var names = assembly
            .GetManifestResourceNames()
            .Where(n => n.EndsWith(".sql", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);
        return string.Join(
            "\n",
            names.Select(name =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                return reader.ReadToEnd();
            })
        );
    }

    [GeneratedRegex(@"(create|alter) table (if not exists )?sje\.(?<name>\w+)(?<body>.*?);", RegexOptions.Singleline)]
    private static partial Regex TableDefinition();

    [GeneratedRegex(@"check \((?<column>\w+) in \((?<words>[^)]*)\)\)")]
    private static partial Regex CheckList();

    [GeneratedRegex(@"check \(\(state in \((?<words>[^)]*)\)\) = \(finished_at is not null\)\)")]
    private static partial Regex FinishedCheck();
}
