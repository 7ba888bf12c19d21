using Sje.Core.Jobs;

namespace Sje.Jobs.DeadLetters;

/// <summary>What an operation does to what it means.</summary>
public enum OperationKind
{
    /// <summary>Back into the queue: a new attempt each, failures counted from 0.</summary>
    Requeue,

    /// <summary>Dismissed: no dead letters any more.</summary>
    Purge,
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
/// <param name="Filter">To what.</param>
/// <param name="State">How far it is.</param>
/// <param name="Total">How many matched when it began.</param>
/// <param name="Done">How many are changed.</param>
/// <param name="Failed">How many could not be changed.</param>
/// <param name="Untouched">How many somebody else has dealt with meanwhile; null until it is over.</param>
/// <param name="LastError">Why the last of those failed.</param>
/// <param name="RequestedBy">Who asked for it.</param>
/// <param name="CreatedAt">When it began. Only what was there then is touched.</param>
/// <param name="UpdatedAt">When it last got on.</param>
/// <param name="FinishedAt">When it was over.</param>
public sealed record Operation(
    Guid Id,
    OperationKind Kind,
    DeadLetterFilter Filter,
    OperationState State,
    long Total,
    long Done,
    long Failed,
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
    internal static string WordOf(OperationKind kind) => $"dead_letters.{kind.ToSnake()}";

    /// <summary>Reads <see cref="WordOf"/>.</summary>
    internal static OperationKind KindOf(string word) => StateNames.ParseSnake<OperationKind>(word.Split('.')[1]);
}
