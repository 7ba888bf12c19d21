using System.Globalization;
using System.Security.Claims;
using System.Text.Json.Nodes;
using FluentValidation;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Sje.Core.Jobs;
using Sje.Core.Scheduling;
using Sje.Core.Security;
using Sje.Jobs.Scheduling;
using Sje.Jobs.Storage;
using Sje.Web.Api.Auth;
using Sje.Web.Api.Problems;
using Sje.Web.Api.Requests;

namespace Sje.Web.Api;

/// <summary>Schedules: when saved jobs start by themselves.</summary>
internal static class SchedulesApi
{
    // A change of the clocks that is months away is better known before the schedule is saved.
    private const int NotesDays = 366;
    private const int MostNotes = 20;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1").WithTags("Schedules");
        group
            .MapGet("/schedules", ListAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.Invalid)
            .WithName("listSchedules")
            .WithSummary("Schedules, by name or those due soonest first")
            .WithDescription(
                "job is the exact name of a job; q finds part of a schedule's name; paused narrows it down; sort is name or next."
            );
        group
            .MapPost("/schedules:preview", Preview)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(
                ProblemKind.Unreadable,
                ProblemKind.TooLarge,
                ProblemKind.UnsupportedMediaType,
                ProblemKind.Invalid
            )
            .WithName("previewCron")
            .WithSummary(
                "The next due times of a cron line, which is not saved, and what changes of the clocks do to it"
            )
            .WithDescription(
                "Of a wrong cron line the problem has badPart: {index, text, start}, the field that is wrong, from 0, and where it begins in the line as "
                    + "sent; without it the line as a whole is wrong."
            );
        group
            .MapGet("/schedules/{name}", GetAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.NotFound)
            .WithName("getSchedule")
            .WithSummary("One schedule");
        group
            .MapGet("/schedules/{name}/preview", PreviewOneAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.NotFound, ProblemKind.Invalid)
            .WithName("previewSchedule")
            .WithSummary("Its next due times; of a paused one those it would have");
        group
            .MapPut("/schedules/{name}", SaveAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(
                ProblemKind.Unreadable,
                ProblemKind.TooLarge,
                ProblemKind.UnsupportedMediaType,
                ProblemKind.Invalid,
                ProblemKind.WrongState,
                ProblemKind.VersionMismatch
            )
            .WithName("saveSchedule")
            .WithSummary("Make a schedule or change it")
            .WithDescription(
                "If-Match with the ETag of the version to replace, or If-None-Match: * for a new name, keeps two writers apart. "
                    + "Of a schedule that is part of a job only paused can change here."
            );
        group
            .MapDelete("/schedules/{name}", DeleteAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(ProblemKind.NotFound, ProblemKind.Invalid, ProblemKind.VersionMismatch)
            .WithName("deleteSchedule")
            .WithSummary("Delete a schedule; one that is part of a job goes from the job, which gets a new version");
        group
            .MapPost("/schedules/{name}/pause", PauseAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(
                ProblemKind.Unreadable,
                ProblemKind.NotFound,
                ProblemKind.WrongState,
                ProblemKind.TooLarge,
                ProblemKind.UnsupportedMediaType,
                ProblemKind.Invalid
            )
            .WithName("pauseSchedule")
            .WithSummary("Start nothing by itself until it is resumed");
        group
            .MapPost("/schedules/{name}/resume", ResumeAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(ProblemKind.NotFound, ProblemKind.WrongState)
            .WithName("resumeSchedule")
            .WithSummary("End a pause; what was due meanwhile is not made up");
        group
            .MapPost("/schedules/{name}/trigger", TriggerAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(
                ProblemKind.Unreadable,
                ProblemKind.NotFound,
                ProblemKind.WrongState,
                ProblemKind.TooLarge,
                ProblemKind.UnsupportedMediaType,
                ProblemKind.Invalid,
                ProblemKind.QueueFull
            )
            .WithName("triggerSchedule")
            .WithSummary("Start its job now, paused or not; its due times stay as they are");
    }

    private static async Task<Results<Ok<Page<ScheduleView>>, Refusal>> ListAsync(
        [AsParameters] ScheduleListQuery query,
        ClaimsPrincipal user,
        ScheduleStore schedules,
        ScheduleRunReader runs,
        CancellationToken stop
    )
    {
        var limit = query.LimitOf();
        var filter = query.Filter;
        var found = await schedules.ListAsync(filter, query.KeyOf(), limit + 1, stop);
        var page = found.ToPage(limit, filter.KeyOf, schedule => schedule);
        return TypedResults.Ok(
            new Page<ScheduleView>(await ToViewsAsync(page.Items, user.Caller(), runs, stop), page.NextCursor)
        );
    }

    private static async Task<Results<Ok<ScheduleView>, Refusal>> GetAsync(
        string name,
        ClaimsPrincipal user,
        HttpResponse response,
        ScheduleStore schedules,
        ScheduleRunReader runs,
        CancellationToken stop
    ) =>
        await schedules.FindAsync(name, stop) is { } schedule
            ? await FoundAsync(schedule, user, response, runs, stop)
            : NotFound(name);

    private static Results<Ok<SchedulePreview>, Refusal> Preview(
        RequestBody<SchedulePreviewRequest> body,
        TimeProvider time
    )
    {
        var asked = body.Value;
        var after = RequestInstant.TryRead(asked.After, out var instant) ? instant : time.GetUtcNow();
        return CronSchedule.TryParse(
            asked.Cron!, // The validator wants it.
            asked.TimeZone ?? CronSchedule.DefaultTimeZone,
            out var cron,
            out var wrong
        )
            ? TypedResults.Ok(ToPreview(cron, after, asked.Count ?? PreviewCount.UnlessAsked))
            : Wrong(wrong);
    }

    private static async Task<Results<Ok<SchedulePreview>, Refusal>> PreviewOneAsync(
        string name,
        [AsParameters] SchedulePreviewQuery query,
        ScheduleStore schedules,
        TimeProvider time,
        CancellationToken stop
    )
    {
        if (await schedules.FindAsync(name, stop) is not { } schedule)
        {
            return NotFound(name);
        }

        _ = SchedulePreviewQuery.TryReadCount(query.Count, out var count);
        return CronSchedule.TryParse(schedule.Cron, schedule.TimeZone, out var cron, out var wrong)
            ? TypedResults.Ok(ToPreview(cron, time.GetUtcNow(), count))
            : Wrong(wrong);
    }

    private static async Task<Results<Created<ScheduleView>, Ok<ScheduleView>, Refusal>> SaveAsync(
        string name,
        RequestBody<ScheduleRequest> body,
        [FromHeader(Name = "If-Match")] string? ifMatch,
        [FromHeader(Name = "If-None-Match")] string? ifNoneMatch,
        HttpResponse response,
        ClaimsPrincipal user,
        ScheduleStore schedules,
        ScheduleRunReader runs,
        CancellationToken stop
    )
    {
        if (!WriteCondition.TryRead(ifMatch, ifNoneMatch, "schedule", out var expected, out var wrong))
        {
            return wrong;
        }

        if (!NameRules.IsName(name))
        {
            return Refusal.InvalidParameter("name", $"It is no name: {NameRules.Wanted}.");
        }

        var asked = body.Value;
        var caller = user.Caller();
        var definition = new ScheduleDefinition
        {
            Name = name,
            JobName = asked.Job!, // The validator wants it.
            Cron = asked.Cron!, // The validator wants it.
            TimeZone = asked.TimeZone ?? CronSchedule.DefaultTimeZone,
            Parameters = asked.Parameters ?? [],
            Paused = asked.Paused,
            Tenant = caller.Tenant,
        };
        switch (await schedules.SaveAsync(definition, expected, caller.Name, stop))
        {
            case ScheduleResult.Created created:
                response.Headers.ETag = WriteCondition.TagOf(created.Schedule.Version);
                return TypedResults.Created(
                    $"/api/v1/schedules/{Uri.EscapeDataString(name)}",
                    (await ToViewsAsync([created.Schedule], caller, runs, stop))[0]
                );
            case ScheduleResult.Updated updated:
                return await FoundAsync(updated.Schedule, user, response, runs, stop);
            case var other:
                return ToRefusal(name, other);
        }
    }

    private static async Task<Results<NoContent, Refusal>> DeleteAsync(
        string name,
        [FromHeader(Name = "If-Match")] string? ifMatch,
        ClaimsPrincipal user,
        ScheduleStore schedules,
        CancellationToken stop
    )
    {
        if (!WriteCondition.TryRead(ifMatch, null, "schedule", out var expected, out var wrong))
        {
            return wrong;
        }

        var result = await schedules.DeleteAsync(name, expected?.Version, user.Caller().Name, stop);
        return result is ScheduleResult.Deleted ? TypedResults.NoContent() : ToRefusal(name, result);
    }

    private static async Task<Results<Ok<ScheduleView>, Refusal>> PauseAsync(
        string name,
        RequestBody<PauseRequest> body,
        ClaimsPrincipal user,
        HttpResponse response,
        ScheduleStore schedules,
        ScheduleRunReader runs,
        CancellationToken stop
    ) =>
        await ToAnswerAsync(
            name,
            await schedules.PauseAsync(name, user.Note(body.Value.Reason), stop),
            user,
            response,
            runs,
            stop
        );

    private static async Task<Results<Ok<ScheduleView>, Refusal>> ResumeAsync(
        string name,
        ClaimsPrincipal user,
        HttpResponse response,
        ScheduleStore schedules,
        ScheduleRunReader runs,
        CancellationToken stop
    ) => await ToAnswerAsync(name, await schedules.ResumeAsync(name, stop), user, response, runs, stop);

    private static async Task<Results<Accepted<TaskAccepted>, Ok<TaskAccepted>, Refusal>> TriggerAsync(
        string name,
        RequestBody<ScheduleTriggerRequest> body,
        [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey,
        ClaimsPrincipal user,
        ScheduleStore schedules,
        CancellationToken stop
    )
    {
        if (JobSubmission.WrongKey(idempotencyKey) is { } wrongKey)
        {
            return Refusal.InvalidParameter("Idempotency-Key", wrongKey);
        }

        var caller = user.Caller();
        var key = body.Value.IdempotencyKey ?? idempotencyKey;
        var values = body.Value.Parameters ?? [];
        var trigger = new ScheduleTrigger
        {
            Parameters = values,
            IdempotencyKey = key,
            BodyHash = key is null ? null : JobSubmission.HashOf($"schedule {name}", values),
            Tenant = caller.Tenant,
            By = caller.Name,
        };
        var result = await schedules.TriggerAsync(name, trigger, stop);
        return result is ScheduleResult.Triggered triggered
            ? TasksApi.ToAnswer(triggered.Intake)
            : ToRefusal(name, result);
    }

    private static async Task<Results<Ok<ScheduleView>, Refusal>> ToAnswerAsync(
        string name,
        ScheduleResult result,
        ClaimsPrincipal user,
        HttpResponse response,
        ScheduleRunReader runs,
        CancellationToken stop
    ) =>
        result is ScheduleResult.Updated updated
            ? await FoundAsync(updated.Schedule, user, response, runs, stop)
            : ToRefusal(name, result);

    private static async Task<Ok<ScheduleView>> FoundAsync(
        SavedSchedule schedule,
        ClaimsPrincipal user,
        HttpResponse response,
        ScheduleRunReader runs,
        CancellationToken stop
    )
    {
        response.Headers.ETag = WriteCondition.TagOf(schedule.Version);
        return TypedResults.Ok((await ToViewsAsync([schedule], user.Caller(), runs, stop))[0]);
    }

    private static Refusal ToRefusal(string name, ScheduleResult result) =>
        result switch
        {
            ScheduleResult.NotFound => NotFound(name),
            ScheduleResult.VersionMismatch mismatch => WriteCondition.Mismatch(
                "schedule",
                name,
                mismatch.CurrentVersion
            ),
            ScheduleResult.PartOfJob part => new Refusal(
                ProblemKind.WrongState,
                $"Schedule '{name}' is part of job '{part.JobName}': change it with the job, PUT /api/v1/jobs/{Uri.EscapeDataString(part.JobName)}. "
                    + "Here it can be paused, resumed, triggered and deleted."
            ),
            ScheduleResult.JobNotFound missing => Refusal.Invalid([
                new Fault("/job", $"There is no saved job '{missing.JobName}'.", FaultCodes.InvalidValue),
            ]),
            ScheduleResult.CronWrong wrong => Wrong(wrong.Fault),
            ScheduleResult.ParametersWrong wrong => Refusal.Invalid(wrong.Faults),
            ScheduleResult.JobUnreadable unreadable => new Refusal(
                ProblemKind.WrongState,
                $"Job '{unreadable.JobName}' cannot be run as it is saved; see errors for what is wrong in it."
            )
            {
                Errors = [.. unreadable.Faults.Select(ProblemError.Of)],
            },
            _ => throw new InvalidOperationException($"{result.GetType().Name} has no answer."),
        };

    private static Refusal Wrong(CronFault fault)
    {
        var wrong = new Fault(
            fault.Part == CronPart.Cron ? "/cron" : "/timeZone",
            fault.Detail,
            FaultCodes.InvalidValue
        );
        return new Refusal(ProblemKind.Invalid, wrong.Detail)
        {
            Errors = [ProblemError.Of(wrong)],
            More = fault.BadPart is { } bad
                ? new JsonObject
                {
                    ["badPart"] = new JsonObject
                    {
                        ["index"] = bad.Index,
                        ["text"] = bad.Text,
                        ["start"] = bad.Start,
                    },
                }
                : null,
        };
    }

    private static Refusal NotFound(string name) => Refusal.NotFound("schedule", name);

    private static SchedulePreview ToPreview(CronSchedule cron, DateTimeOffset after, int count)
    {
        var times = cron.Next(after, count);
        var until = after.AddDays(NotesDays);
        return new SchedulePreview(
            cron.Cron,
            cron.TimeZone,
            [.. times.Select(ToDueTime)],
            [
                .. cron.ClockNotes(after, times is [.., var last] && last > until ? last : until)
                    .Take(MostNotes)
                    .Select(note => new ClockNoteView(
                        note.At.ToUniversalTime(),
                        note.Kind,
                        note.Text,
                        [.. note.DueAt.Select(ToDueTime)]
                    )),
            ]
        );
    }

    private static DueTime ToDueTime(DateTimeOffset due) =>
        new(due.ToUniversalTime(), due.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture));

    private static async Task<IReadOnlyList<ScheduleView>> ToViewsAsync(
        IReadOnlyList<SavedSchedule> schedules,
        Caller caller,
        ScheduleRunReader runs,
        CancellationToken stop
    )
    {
        var known = await runs.FindAsync(
            [.. schedules.Select(schedule => schedule.LastExecutionId).OfType<Guid>()],
            caller.Scope,
            stop
        );
        return
        [
            .. schedules.Select(schedule => new ScheduleView(
                schedule.Name,
                schedule.JobName,
                schedule.Cron,
                schedule.TimeZone,
                schedule.Parameters,
                schedule.FromJob,
                schedule.PausedAt,
                schedule.PausedBy,
                schedule.PauseReason,
                schedule.NextAt,
                schedule.LastDueAt,
                schedule.LastFiredAt,
                schedule.LastExecutionId,
                schedule.LastExecutionId is { } last ? known.GetValueOrDefault(last) : null,
                schedule.LastError,
                schedule.Version,
                schedule.CreatedAt,
                schedule.UpdatedAt,
                schedule.CreatedBy,
                AllowedActions.OfSchedule(caller.Role, schedule.PausedAt is not null, schedule.FromJob)
            )),
        ];
    }
}
