using Hangfire.States;
using Sje.Jobs.Queueing;

namespace Sje.Jobs.Background;

/// <summary>
/// On whose behalf Hangfire's code is running here: the claim that a slot took from the feed, or the row version that the reconciler
/// acts on. Set where the call begins, read by filters and by the queue inside Hangfire's transaction.
/// </summary>
internal static class CurrentClaim
{
    private static readonly AsyncLocal<ClaimedTask?> Claim = new();
    private static readonly AsyncLocal<ReconciledView?> View = new();
    private static readonly AsyncLocal<(string JobId, IState State)?> Writing = new();

    /// <summary>The attempt that is speaking, or null for anybody else: dashboard, client, reconciler.</summary>
    public static ClaimedTask? Task
    {
        get => Claim.Value;
        set => Claim.Value = value;
    }

    /// <summary>The attempt that is speaking, while it knows its job's state without asking.</summary>
    public static ClaimedTask? Certain =>
        Claim.Value is { BackgroundJobState: not null, HangfireJobId: not null } task ? task : null;

    /// <summary>What the reconciler saw of both views when it chose the new state.</summary>
    public static ReconciledView? Reconciled
    {
        get => View.Value;
        set => View.Value = value;
    }

    /// <summary>The state that is being written, whose reason the hook may still complete.</summary>
    public static (string JobId, IState State)? Change
    {
        get => Writing.Value;
        set => Writing.Value = value;
    }

    /// <summary>The attempt that is speaking, if it is about this background job.</summary>
    public static ClaimedTask? For(string hangfireJobId) =>
        Claim.Value is { HangfireJobId: { } id } task
        && id.ToString(System.Globalization.CultureInfo.InvariantCulture) == hangfireJobId
            ? task
            : null;
}

/// <summary>Both views of a task as the reconciler saw them.</summary>
/// <param name="Version">Of our row.</param>
/// <param name="Shown">The background job's state.</param>
internal readonly record struct ReconciledView(long Version, string Shown);
