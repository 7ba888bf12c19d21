using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Jobs.Operations;

/// <summary>What an operation does to what it means.</summary>
public enum OperationKind
{
    /// <summary>Dead letters go back into the queue: a new attempt each, failures counted from 0.</summary>
    Requeue,

    /// <summary>Dead letters are dismissed: none any more.</summary>
    Purge,

    /// <summary>Executions are cancelled: what waits at once, what runs when it has stopped.</summary>
    Cancel,

    /// <summary>Executions that ended without success are taken up again.</summary>
    Retry,

    /// <summary>What waits of executions gets another priority.</summary>
    Prioritize,

    /// <summary>What waits of executions goes to another queue of the same lane.</summary>
    Move,
}

/// <summary>The life of an operation.</summary>
public enum OperationState
{
    /// <summary>Being worked on, or about to be.</summary>
    Running,

    /// <summary>Over, nothing failed.</summary>
    Succeeded,

    /// <summary>Over; some failed.</summary>
    PartiallySucceeded,

    /// <summary>Over; all failed.</summary>
    Failed,

    /// <summary>Ended by somebody. What was done stays done.</summary>
    Cancelled,
}

/// <summary>A change of many rows that was asked for in one request.</summary>
/// <param name="Id">Its id, a UUIDv7.</param>
/// <param name="Kind">What is done.</param>
/// <param name="Filter">To what; empty where rows were named one by one.</param>
/// <param name="Chosen">How many were named one by one; null where the filter says which.</param>
/// <param name="Settings">What they are changed to, and why: a priority, a queue, a reason.</param>
/// <param name="State">How far it is.</param>
/// <param name="Total">How many matched when it began.</param>
/// <param name="Done">How many are changed.</param>
/// <param name="Failed">How many could not be changed.</param>
/// <param name="Reasons">Why they could not be: how many of each reason.</param>
/// <param name="Untouched">How many somebody else has dealt with meanwhile; null until it is over.</param>
/// <param name="LastError">Why the last of those failed.</param>
/// <param name="RequestedBy">Who asked for it.</param>
/// <param name="CreatedAt">When it began. Only what was there then is touched.</param>
/// <param name="UpdatedAt">When it last got on.</param>
/// <param name="FinishedAt">When it was over.</param>
public sealed record Operation(
    Guid Id,
    OperationKind Kind,
    JsonObject Filter,
    int? Chosen,
    JsonObject Settings,
    OperationState State,
    long Total,
    long Done,
    long Failed,
    IReadOnlyDictionary<string, long> Reasons,
    long? Untouched,
    string? LastError,
    string? RequestedBy,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? FinishedAt
)
{
    /// <summary>What is done, and to what: <c>dead_letters.requeue</c>.</summary>
    public string Word => WordOf(Kind);

    /// <summary>The word of a kind.</summary>
    internal static string WordOf(OperationKind kind) =>
        (kind is OperationKind.Requeue or OperationKind.Purge ? "dead_letters." : "executions.") + kind.ToSnake();

    /// <summary>Reads <see cref="WordOf"/>.</summary>
    internal static OperationKind KindOf(string word) => StateNames.ParseSnake<OperationKind>(word.Split('.')[1]);
}
