using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Web.Api.Json;

namespace Sje.Web.Api.Problems;

/// <summary>An answer that is an error. Which kinds an endpoint has is said with <see cref="RefusalMetadata.Refuses"/>.</summary>
internal sealed class Refusal(ProblemKind kind, string? detail = null) : IResult, IStatusCodeHttpResult
{
    // A batch of 10,000 may have as many faults; nobody reads them all, and the answer must not outgrow the request.
    private const int MaxErrors = 1000;

    public ProblemKind Kind { get; } = kind;

    public IReadOnlyList<ProblemError>? Errors { get; init; }

    public JsonObject? More { get; init; }

    public TimeSpan? RetryAfter { get; init; }

    public int? StatusCode => Kind.Status;

    public ProblemDocument Value => Document(null, null);

    public static Refusal NotFound(string what, string id) => new(ProblemKind.NotFound, $"There is no {what} '{id}'.");

    public static Refusal Invalid(IEnumerable<Fault> faults) => Invalid([.. faults.Select(ProblemError.Of)]);

    public static Refusal Invalid(IReadOnlyList<ProblemError> errors) =>
        new(ProblemKind.Invalid, errors is [var only] ? only.Detail : $"{errors.Count} faults; see errors.")
        {
            Errors = errors,
        };

    public static Refusal InvalidParameter(string name, string detail, string code = FaultCodes.InvalidValue) =>
        Invalid([ProblemError.OfParameter(name, detail, code)]);

    /// <summary>Why a job was not read, by the gravest of its faults.</summary>
    public static Refusal Of(JobReadFailure failure, IReadOnlyList<Fault> faults)
    {
        var kind = failure switch
        {
            JobReadFailure.TooLarge => ProblemKind.TooLarge,
            JobReadFailure.NotReadable => ProblemKind.Unreadable,
            _ => ProblemKind.Invalid,
        };
        return new Refusal(kind, faults is [var only] ? only.Detail : $"{faults.Count} faults; see errors.")
        {
            Errors = [.. faults.Select(ProblemError.Of)],
        };
    }

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Kind.Status;
        if (RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds)
                .ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        response.Headers.CacheControl = "no-store";
        return response.WriteAsJsonAsync(
            Document(httpContext.Request.Path.Value, httpContext.TraceIdentifier),
            ApiJson.Options,
            ProblemDocument.MediaType,
            httpContext.RequestAborted
        );
    }

    private ProblemDocument Document(string? instance, string? traceId) =>
        new()
        {
            Type = Kind.Type,
            Title = Kind.Title,
            Status = Kind.Status,
            Detail = detail,
            Instance = instance,
            Errors = Errors is { Count: > MaxErrors } ? [.. Errors.Take(MaxErrors)] : Errors,
            TraceId = traceId,
            More = More?.ToDictionary(member => member.Key, object? (member) => member.Value),
        };
}
