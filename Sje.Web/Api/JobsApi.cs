using System.Globalization;
using System.Security.Claims;
using System.Text.Json.Nodes;
using FluentValidation;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Sje.Core.Jobs;
using Sje.Core.Security;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;
using Sje.Web.Api.Auth;
using Sje.Web.Api.Problems;
using Sje.Web.Api.Requests;

namespace Sje.Web.Api;

/// <summary>
/// A saved job; <c>job</c> is its file in canonical form, <c>lastRuns</c> its last 20 executions, the newest first, <c>nextAt</c> when a schedule of it is
/// due next, <c>actions</c> what the caller may do to it now.
/// </summary>
internal sealed record JobView(
    string Name,
    int Version,
    JsonObject Job,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    string? CreatedBy,
    DateTimeOffset? PausedAt,
    string? PausedBy,
    string? PauseReason,
    IReadOnlyList<JobLastRun> LastRuns,
    DateTimeOffset? NextAt,
    IReadOnlyList<ObjectAction> Actions
);

/// <summary>A saved job in a list, with its last 20 executions, the newest first, and when a schedule of it is due next.</summary>
internal sealed record JobItem(
    string Name,
    int Version,
    string? Description,
    string Type,
    string Queue,
    IReadOnlyList<string> Tags,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? PausedAt,
    string? PausedBy,
    string? PauseReason,
    IReadOnlyList<JobLastRun> LastRuns,
    DateTimeOffset? NextAt,
    IReadOnlyList<ObjectAction> Actions
);

/// <summary>A job file that is right, as it would be stored.</summary>
internal sealed record JobValidated(bool Valid, JsonObject Job);

/// <summary>Values for one execution of a saved job.</summary>
internal sealed record JobRunRequest
{
    public JsonObject? Parameters { get; init; }
    public string? IdempotencyKey { get; init; }
}

internal sealed class JobRunRequestValidator : AbstractValidator<JobRunRequest>
{
    public JobRunRequestValidator() =>
        RuleFor(r => r.IdempotencyKey)
            .Must(key => JobSubmission.WrongKey(key) is null)
            .WithMessage(
                $"An idempotency key has 1 to {JobSubmission.MaxKeyLength} characters, no control characters among them."
            )
            .WithErrorCode(FaultCodes.InvalidValue);
}

internal sealed record JobListQuery(
    [FromQuery(Name = "q")] string? Text,
    [FromQuery(Name = "type")] string? Type,
    [FromQuery(Name = "tag")] string? Tag,
    [FromQuery(Name = "paused")] string? Paused,
    [FromQuery(Name = "sort")] string? Sort,
    [FromQuery(Name = "limit")] string? Limit,
    [FromQuery(Name = "cursor")] string? Cursor
) : IPaged
{
    public static readonly IReadOnlyDictionary<string, SavedJobOrder> Orders = new Dictionary<string, SavedJobOrder>
    {
        ["name"] = SavedJobOrder.Name,
        ["-name"] = SavedJobOrder.NameDescending,
        ["updated"] = SavedJobOrder.Updated,
        ["-updated"] = SavedJobOrder.UpdatedDescending,
    };

    public SavedJobFilter Filter =>
        new()
        {
            Text = Text,
            Type = Type,
            Tag = Tag,
            Paused = QueryFlag.Read(Paused),
            Order = Orders.GetValueOrDefault(Sort ?? "name"),
        };
}

internal sealed class JobListQueryValidator : AbstractValidator<JobListQuery>
{
    public JobListQueryValidator()
    {
        Include(new PagedValidator());
        RuleFor(q => q.Paused).MustBeFlag();
        RuleFor(q => q.Sort)
            .Must(sort => sort is null || JobListQuery.Orders.ContainsKey(sort))
            .WithMessage($"The orders are {string.Join(", ", JobListQuery.Orders.Keys)}.")
            .WithErrorCode(FaultCodes.InvalidValue);
        RuleFor(q => q.Cursor)
            .Must((query, _) => query.KeyOf() is not { } key || query.Filter.IsKey(key))
            .When(q => q.Cursor is not null && Paging.TryDecode(q.Cursor, out _))
            .WithMessage("That is a cursor of another order.")
            .WithErrorCode(FaultCodes.InvalidValue);
    }
}

internal sealed record JobVersionQuery([FromQuery(Name = "version")] string? Version) : IQueryParameters;

internal sealed class JobVersionQueryValidator : AbstractValidator<JobVersionQuery>
{
    public JobVersionQueryValidator() =>
        RuleFor(q => q.Version)
            .Must(version => version is null || WriteCondition.TryReadVersion(version, out _))
            .WithMessage("A version is a whole number from 1.")
            .WithErrorCode(FaultCodes.InvalidValue);
}

/// <summary>Saved jobs: versioned definitions under a name.</summary>
internal static class JobsApi
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1").WithTags("Jobs");
        group
            .MapGet("/jobs", ListAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.Invalid)
            .WithName("listJobs")
            .WithSummary("Saved jobs, by name unless sort says otherwise")
            .WithDescription(
                "q finds part of a name; type, tag and paused narrow it down; sort is name, -name, updated or -updated."
            );
        group
            .MapPost("/jobs:validate", Validate)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(
                ProblemKind.Unreadable,
                ProblemKind.TooLarge,
                ProblemKind.UnsupportedMediaType,
                ProblemKind.Invalid
            )
            .WithName("validateJob")
            .WithSummary("Check a job file without saving or running it; 422 lists every fault");
        group
            .MapGet("/jobs/{name}", GetAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.NotFound, ProblemKind.Invalid)
            .WithName("getJob")
            .WithSummary("A saved job, its newest version unless ?version= says otherwise");
        group
            .MapPost("/jobs/{name}/pause", PauseAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(
                ProblemKind.Unreadable,
                ProblemKind.NotFound,
                ProblemKind.TooLarge,
                ProblemKind.UnsupportedMediaType,
                ProblemKind.Invalid
            )
            .WithName("pauseJob")
            .WithSummary("Start nothing of it until it is resumed; what runs goes on, what is submitted waits");
        group
            .MapPost("/jobs/{name}/resume", ResumeAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(ProblemKind.NotFound)
            .WithName("resumeJob")
            .WithSummary("End a pause");
        group
            .MapGet("/jobs/{name}/versions", ListVersionsAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.NotFound, ProblemKind.Invalid)
            .WithName("listJobVersions")
            .WithSummary("Every version a job ever had, newest first");
        group
            .MapPut("/jobs/{name}", SaveAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(
                ProblemKind.Unreadable,
                ProblemKind.TooLarge,
                ProblemKind.UnsupportedMediaType,
                ProblemKind.Invalid,
                ProblemKind.VersionMismatch
            )
            .WithName("saveJob")
            .WithSummary("Save a job under a name, with its schedule if it has one")
            .WithDescription(
                "If-Match with the ETag of the version to replace, or If-None-Match: * for a new name, keeps two writers apart."
            );
        group
            .MapDelete("/jobs/{name}", DeleteAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(ProblemKind.NotFound, ProblemKind.Invalid, ProblemKind.VersionMismatch)
            .WithName("deleteJob")
            .WithSummary("Delete a job, its versions and schedules; its executions stay");
        group
            .MapPost("/jobs/{name}/executions", RunAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(
                ProblemKind.Unreadable,
                ProblemKind.NotFound,
                ProblemKind.TooLarge,
                ProblemKind.UnsupportedMediaType,
                ProblemKind.Invalid,
                ProblemKind.QueueFull
            )
            .WithName("runJob")
            .WithSummary("Run a saved job with these parameters");
    }

    private static async Task<Results<Ok<Page<JobItem>>, Refusal>> ListAsync(
        [AsParameters] JobListQuery query,
        ClaimsPrincipal user,
        JobStore jobs,
        JobOutlookReader outlooks,
        CancellationToken stop
    )
    {
        var limit = query.LimitOf();
        var filter = query.Filter;
        var found = await jobs.ListAsync(filter, query.KeyOf(), limit + 1, stop);
        var page = found.ToPage(limit, filter.KeyOf, job => job);
        var caller = user.Caller();
        var known = await outlooks.FindAsync([.. page.Items.Select(job => job.Id)], caller.Scope, stop);
        return TypedResults.Ok(
            new Page<JobItem>(
                [.. page.Items.Select(job => ToItem(job, known.GetValueOrDefault(job.Id, JobOutlook.None), caller))],
                page.NextCursor
            )
        );
    }

    private static Results<Ok<JobValidated>, Refusal> Validate(RawBody body, JobReader reader)
    {
        var read = reader.Read(body.Bytes, body.Format);
        return read.Spec is { } job
            ? TypedResults.Ok(new JobValidated(true, job.Canonical))
            : Refusal.Of(read.Failure, read.Faults);
    }

    private static async Task<Results<Ok<JobView>, Refusal>> GetAsync(
        string name,
        [AsParameters] JobVersionQuery query,
        HttpResponse response,
        ClaimsPrincipal user,
        JobStore jobs,
        JobOutlookReader outlooks,
        CancellationToken stop
    )
    {
        int? version = query.Version is { } text && WriteCondition.TryReadVersion(text, out var asked) ? asked : null;
        if (await jobs.FindAsync(name, version, stop) is not { } job)
        {
            return Refusal.NotFound(version is null ? "job" : $"version {version} of job", name);
        }

        response.Headers.ETag = WriteCondition.TagOf(job.Version);
        return TypedResults.Ok(await ToViewAsync(job, user, outlooks, stop));
    }

    private static async Task<Results<Ok<Page<SavedJobVersion>>, Refusal>> ListVersionsAsync(
        string name,
        [AsParameters] ListQuery query,
        JobStore jobs,
        CancellationToken stop
    )
    {
        int? before = null;
        if (query.KeyOf() is { } key)
        {
            if (!WriteCondition.TryReadVersion(key, out var last))
            {
                return Refusal.InvalidParameter("cursor", "That is a cursor of another list.");
            }

            before = last;
        }

        var limit = query.LimitOf();
        return await jobs.ListVersionsAsync(name, before, limit + 1, stop) is { } versions
            ? TypedResults.Ok(versions.ToPage(limit, v => v.Version.ToString(CultureInfo.InvariantCulture), v => v))
            : Refusal.NotFound("job", name);
    }

    private static async Task<Results<Created<JobView>, Ok<JobView>, Refusal>> SaveAsync(
        string name,
        RawBody body,
        [FromHeader(Name = "If-Match")] string? ifMatch,
        [FromHeader(Name = "If-None-Match")] string? ifNoneMatch,
        HttpResponse response,
        ClaimsPrincipal user,
        JobReader reader,
        JobStore jobs,
        JobOutlookReader outlooks,
        CancellationToken stop
    )
    {
        if (!WriteCondition.TryRead(ifMatch, ifNoneMatch, "job", out var expected, out var wrong))
        {
            return wrong;
        }

        var read = reader.Read(body.Bytes, body.Format, new JobReadOptions { DefaultName = name });
        if (read.Spec is not { } job)
        {
            return Refusal.Of(read.Failure, read.Faults);
        }

        if (job.Name != name)
        {
            return Refusal.Invalid([
                read.InFile(
                    new Fault(
                        "/name",
                        $"The file says '{job.Name}', the address '{name}'; leave the name out or make them the same.",
                        FaultCodes.Conflict
                    )
                ),
            ]);
        }

        switch (await jobs.SaveAsync(name, job.Canonical, expected, user.Caller().Name, stop))
        {
            case JobSaveResult.Created created:
                response.Headers.ETag = WriteCondition.TagOf(created.Job.Version);
                return TypedResults.Created(
                    $"/api/v1/jobs/{Uri.EscapeDataString(name)}",
                    await ToViewAsync(created.Job, user, outlooks, stop)
                );
            case JobSaveResult.Updated updated:
                response.Headers.ETag = WriteCondition.TagOf(updated.Job.Version);
                return TypedResults.Ok(await ToViewAsync(updated.Job, user, outlooks, stop));
            case JobSaveResult.Unchanged unchanged:
                response.Headers.ETag = WriteCondition.TagOf(unchanged.Job.Version);
                return TypedResults.Ok(await ToViewAsync(unchanged.Job, user, outlooks, stop));
            case JobSaveResult.VersionMismatch mismatch:
                return WriteCondition.Mismatch("job", name, mismatch.CurrentVersion);
            case JobSaveResult.ScheduleNameTaken taken:
                return Refusal.Invalid([
                    read.InFile(
                        new Fault(
                            "/schedule",
                            $"The schedule of a job bears its name, and there is a schedule '{name}' of job '{taken.JobName}': delete that one first.",
                            FaultCodes.Conflict
                        )
                    ),
                ]);
            case var other:
                throw new InvalidOperationException($"{other.GetType().Name} has no answer.");
        }
    }

    private static async Task<Results<NoContent, Refusal>> DeleteAsync(
        string name,
        [FromHeader(Name = "If-Match")] string? ifMatch,
        JobStore jobs,
        CancellationToken stop
    )
    {
        if (!WriteCondition.TryRead(ifMatch, null, "job", out var expected, out var wrong))
        {
            return wrong;
        }

        var (found, other) = await jobs.DeleteAsync(name, expected?.Version, stop);
        return other is not null ? WriteCondition.Mismatch("job", name, other)
            : found ? TypedResults.NoContent()
            : Refusal.NotFound("job", name);
    }

    private static async Task<Results<Ok<JobView>, Refusal>> PauseAsync(
        string name,
        RequestBody<PauseRequest> body,
        ClaimsPrincipal user,
        PauseControl control,
        JobStore jobs,
        JobOutlookReader outlooks,
        CancellationToken stop
    ) =>
        await control.PauseJobAsync(name, user.Note(body.Value.Reason), stop)
        && await jobs.FindAsync(name, null, stop) is { } job
            ? TypedResults.Ok(await ToViewAsync(job, user, outlooks, stop))
            : Refusal.NotFound("job", name);

    private static async Task<Results<Ok<JobView>, Refusal>> ResumeAsync(
        string name,
        ClaimsPrincipal user,
        PauseControl control,
        JobStore jobs,
        JobOutlookReader outlooks,
        CancellationToken stop
    ) =>
        await control.ResumeJobAsync(name, stop) && await jobs.FindAsync(name, null, stop) is { } job
            ? TypedResults.Ok(await ToViewAsync(job, user, outlooks, stop))
            : Refusal.NotFound("job", name);

    private static async Task<Results<Accepted<TaskAccepted>, Ok<TaskAccepted>, Refusal>> RunAsync(
        string name,
        RequestBody<JobRunRequest> body,
        [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey,
        ClaimsPrincipal user,
        JobStore jobs,
        JobReader reader,
        ExecutionIntake intake,
        CancellationToken stop
    )
    {
        if (JobSubmission.WrongKey(idempotencyKey) is { } wrongKey)
        {
            return Refusal.InvalidParameter("Idempotency-Key", wrongKey);
        }

        if (await jobs.FindAsync(name, null, stop) is not { } saved)
        {
            return Refusal.NotFound("job", name);
        }

        var prepared = JobSubmission.OfSaved(
            saved,
            reader.Read(saved.Spec, options: JobReadOptions.Stored),
            body.Value.Parameters,
            user.Caller(),
            body.Value.IdempotencyKey ?? idempotencyKey
        );
        return prepared.Submission is { } submission
            ? TasksApi.ToAnswer(await intake.AcceptOneAsync(submission, stop))
            : prepared.Refusal!; // One of the two is there.
    }

    private static async Task<JobView> ToViewAsync(
        SavedJob job,
        ClaimsPrincipal user,
        JobOutlookReader outlooks,
        CancellationToken stop
    )
    {
        var caller = user.Caller();
        var outlook = (await outlooks.FindAsync([job.Id], caller.Scope, stop)).GetValueOrDefault(
            job.Id,
            JobOutlook.None
        );
        return new JobView(
            job.Name,
            job.Version,
            job.Spec,
            job.CreatedAt,
            job.UpdatedAt,
            job.CreatedBy,
            job.PausedAt,
            job.PausedBy,
            job.PauseReason,
            outlook.LastRuns,
            outlook.NextAt,
            AllowedActions.OfJob(caller.Role, job.PausedAt is not null)
        );
    }

    private static JobItem ToItem(SavedJob job, JobOutlook outlook, Caller caller) =>
        new(
            job.Name,
            job.Version,
            ExecutionViews.Text(job.Spec, "description"),
            ExecutionViews.Text(job.Spec, "type") ?? "workflow",
            ExecutionViews.Text(job.Spec, "queue") ?? "default",
            job.Spec["tags"] is JsonArray tags ? [.. tags.OfType<JsonValue>().Select(tag => tag.ToString())] : [],
            job.UpdatedAt,
            job.PausedAt,
            job.PausedBy,
            job.PauseReason,
            outlook.LastRuns,
            outlook.NextAt,
            AllowedActions.OfJob(caller.Role, job.PausedAt is not null)
        );
}
