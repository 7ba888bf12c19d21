namespace Sje.Web.Api.Problems;

/// <summary>A kind of problem: its <c>type</c>, by which programs tell it, its title, which never varies, and its status.</summary>
internal sealed record ProblemKind(string Name, string Title, int Status)
{
    public static readonly ProblemKind Unreadable = new("unreadable", "The request cannot be read", 400);
    public static readonly ProblemKind Unauthorized = new("unauthorized", "A valid key is needed", 401);
    public static readonly ProblemKind Forbidden = new("forbidden", "This key may not do that", 403);
    public static readonly ProblemKind UnsafeOrigin = new("unsafe-origin", "Not from a web page of another site", 403);
    public static readonly ProblemKind NotFound = new("not-found", "There is no such thing", 404);
    public static readonly ProblemKind MethodNotAllowed = new(
        "method-not-allowed",
        "This address does not know that method",
        405
    );
    public static readonly ProblemKind NotAcceptable = new("not-acceptable", "The answer has no such form", 406);
    public static readonly ProblemKind WrongState = new("wrong-state", "Its state does not allow that", 409);
    public static readonly ProblemKind Cancelled = new("cancelled", "The execution was cancelled", 409);
    public static readonly ProblemKind VersionMismatch = new("version-mismatch", "Another version stands there", 412);
    public static readonly ProblemKind TooLarge = new("too-large", "The request is too large", 413);
    public static readonly ProblemKind UnsupportedMediaType = new(
        "unsupported-media-type",
        "Bodies of this type are not read",
        415
    );

    public static readonly ProblemKind Invalid = new("validation", "The request is readable but wrong", 422);
    public static readonly ProblemKind KeyReused = new(
        "idempotency-key-reused",
        "The idempotency key belongs to another request",
        422
    );

    public static readonly ProblemKind TooManyAttempts = new("too-many-attempts", "Too many wrong keys", 429);
    public static readonly ProblemKind QueueFull = new("queue-full", "The queue is full", 429);
    public static readonly ProblemKind ExecutionFailed = new("execution-failed", "The execution failed", 500);
    public static readonly ProblemKind Internal = new("internal", "SJE made a mistake", 500);
    public static readonly ProblemKind Unhealthy = new("unhealthy", "Something that SJE needs is down", 500);
    public static readonly ProblemKind NotReady = new("not-ready", "It is not there yet", 503);
    public static readonly ProblemKind Unavailable = new("unavailable", "The database does not answer", 503);

    private static readonly ProblemKind[] ByStatus =
    [
        Unreadable,
        Unauthorized,
        Forbidden,
        NotFound,
        MethodNotAllowed,
        NotAcceptable,
        WrongState,
        VersionMismatch,
        TooLarge,
        UnsupportedMediaType,
        Invalid,
        QueueFull,
        Internal,
        Unavailable,
    ];

    public string Type => $"urn:sje:problem:{Name}";

    /// <summary>What a status means where nobody said more.</summary>
    public static ProblemKind OfStatus(int status) =>
        Array.Find(ByStatus, kind => kind.Status == status)
        ?? (
            status < 500
                ? new ProblemKind($"http-{status}", "The request was refused", status)
                : Internal with
                {
                    Status = status,
                }
        );
}
