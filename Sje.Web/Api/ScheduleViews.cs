using System.Globalization;
using System.Text.Json.Nodes;
using FluentValidation;
using Microsoft.AspNetCore.Mvc;
using Sje.Core.Jobs;
using Sje.Core.Scheduling;
using Sje.Core.Security;
using Sje.Jobs.Scheduling;
using Sje.Jobs.Storage;
using Sje.Web.Api.Requests;

namespace Sje.Web.Api;

/// <summary>
/// A schedule. <c>fromJob</c>: it is part of the job's file, and its cron line and time zone change there. <c>lastExecution</c> is what became of the
/// last one that it started; null when it is gone, or another tenant's. <c>actions</c> is what the caller may do to it now.
/// </summary>
internal sealed record ScheduleView(
    string Name,
    string Job,
    string Cron,
    string TimeZone,
    JsonObject Parameters,
    bool FromJob,
    DateTimeOffset? PausedAt,
    string? PausedBy,
    string? PauseReason,
    DateTimeOffset? NextAt,
    DateTimeOffset? LastDueAt,
    DateTimeOffset? LastFiredAt,
    Guid? LastExecutionId,
    ScheduleRun? LastExecution,
    string? LastError,
    int Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    string? CreatedBy,
    IReadOnlyList<ObjectAction> Actions
);

/// <summary>What a schedule is to be.</summary>
internal sealed record ScheduleRequest
{
    public string? Job { get; init; }
    public string? Cron { get; init; }

    /// <summary>A name of the IANA database; UTC when it is missing.</summary>
    public string? TimeZone { get; init; }

    /// <summary>Values for the job's parameters.</summary>
    public JsonObject? Parameters { get; init; }

    /// <summary>Leaves it as it is when missing; a new one is not paused.</summary>
    public bool? Paused { get; init; }
}

internal sealed class ScheduleRequestValidator : AbstractValidator<ScheduleRequest>
{
    public ScheduleRequestValidator()
    {
        RuleFor(r => r.Job).NotEmpty().WithMessage("'job' is missing: the name of a saved job.");
        RuleFor(r => r.Cron).NotEmpty().WithMessage("'cron' is missing: a line such as '0 6 * * *'.");
    }
}

/// <summary>Values for one execution that a schedule is to start now.</summary>
internal sealed record ScheduleTriggerRequest
{
    public JsonObject? Parameters { get; init; }
    public string? IdempotencyKey { get; init; }
}

internal sealed class ScheduleTriggerRequestValidator : AbstractValidator<ScheduleTriggerRequest>
{
    public ScheduleTriggerRequestValidator() =>
        RuleFor(r => r.IdempotencyKey)
            .Must(key => JobSubmission.WrongKey(key) is null)
            .WithMessage(
                $"An idempotency key has 1 to {JobSubmission.MaxKeyLength} characters, no control characters among them."
            )
            .WithErrorCode(FaultCodes.InvalidValue);
}

/// <summary>A cron line to be tried out.</summary>
internal sealed record SchedulePreviewRequest
{
    public string? Cron { get; init; }

    /// <summary>A name of the IANA database; UTC when it is missing.</summary>
    public string? TimeZone { get; init; }

    /// <summary>How many times, 10 if not given.</summary>
    public int? Count { get; init; }

    /// <summary>The times after this instant, now if not given.</summary>
    public string? After { get; init; }
}

internal sealed class SchedulePreviewRequestValidator : AbstractValidator<SchedulePreviewRequest>
{
    public SchedulePreviewRequestValidator()
    {
        RuleFor(r => r.Cron).NotEmpty().WithMessage("'cron' is missing: a line such as '0 6 * * *'.");
        RuleFor(r => r.Count)
            .InclusiveBetween(1, PreviewCount.Most)
            .WithMessage($"The count is a whole number from 1 to {PreviewCount.Most}.")
            .WithErrorCode(FaultCodes.OutOfRange);
        RuleFor(r => r.After)
            .Must(after => after is null || RequestInstant.TryRead(after, out _))
            .WithMessage("It is an instant like 2026-01-31T12:00:00Z.")
            .WithErrorCode(FaultCodes.InvalidValue);
    }
}

/// <summary>A due time: the instant, and what a clock in the schedule's time zone shows then.</summary>
internal sealed record DueTime(DateTimeOffset At, string Local);

/// <summary>
/// A change of the zone's clocks that touches the schedule, and what is done then: the scheduler's own rule. <c>kind</c> is <c>gap</c> where local times
/// are left out, <c>overlap</c> where they come twice. <c>dueAt</c> are the instants at which it starts because of it or in spite of it.
/// </summary>
internal sealed record ClockNoteView(DateTimeOffset At, ClockChange Kind, string Text, IReadOnlyList<DueTime> DueAt);

/// <summary>The next due times, soonest first, and which changes of the clocks touch them or come within a year.</summary>
internal sealed record SchedulePreview(
    string Cron,
    string TimeZone,
    IReadOnlyList<DueTime> Times,
    IReadOnlyList<ClockNoteView> Notes
);

internal sealed record ScheduleListQuery(
    [FromQuery(Name = "job")] string? Job,
    [FromQuery(Name = "q")] string? Text,
    [FromQuery(Name = "paused")] string? Paused,
    [FromQuery(Name = "sort")] string? Sort,
    [FromQuery(Name = "limit")] string? Limit,
    [FromQuery(Name = "cursor")] string? Cursor
) : IPaged
{
    public ScheduleFilter Filter =>
        new()
        {
            Job = Job,
            Text = Text,
            Paused = QueryFlag.Read(Paused),
            ByNext = Sort == "next",
        };
}

internal sealed class ScheduleListQueryValidator : AbstractValidator<ScheduleListQuery>
{
    public ScheduleListQueryValidator()
    {
        Include(new PagedValidator());
        RuleFor(q => q.Paused).MustBeFlag();
        RuleFor(q => q.Sort)
            .Must(sort => sort is null or "name" or "next")
            .WithMessage("The orders are name and next.")
            .WithErrorCode(FaultCodes.InvalidValue);
        RuleFor(q => q.Cursor)
            .Must((query, _) => query.KeyOf() is not { } key || query.Filter.IsKey(key))
            .When(q => q.Cursor is not null && Paging.TryDecode(q.Cursor, out _))
            .WithMessage("That is a cursor of another order.")
            .WithErrorCode(FaultCodes.InvalidValue);
    }
}

internal sealed record SchedulePreviewQuery([FromQuery(Name = "count")] string? Count) : IQueryParameters
{
    public static bool TryReadCount(string? text, out int count)
    {
        count = PreviewCount.UnlessAsked;
        return text is null
            || (
                int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out count)
                && count is >= 1 and <= PreviewCount.Most
            );
    }
}

internal sealed class SchedulePreviewQueryValidator : AbstractValidator<SchedulePreviewQuery>
{
    public SchedulePreviewQueryValidator() =>
        RuleFor(q => q.Count)
            .Must(count => SchedulePreviewQuery.TryReadCount(count, out _))
            .WithMessage($"The count is a whole number from 1 to {PreviewCount.Most}.")
            .WithErrorCode(FaultCodes.InvalidValue);
}
