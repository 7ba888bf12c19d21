namespace Sje.Web.Api;

internal static partial class ApiLog
{
    [LoggerMessage(800, LogLevel.Error, "{Method} {Path} failed (trace {TraceId}).")]
    public static partial void RequestFailed(this ILogger log, string method, string path, string traceId, Exception failure);

    [LoggerMessage(801, LogLevel.Warning, "{Method} {Path}: the database does not answer.")]
    public static partial void DatabaseUnavailable(this ILogger log, string method, string path, Exception failure);

    [LoggerMessage(802, LogLevel.Warning,
        "Auth:AllowAnonymous is set: everybody who can reach {Addresses} may submit jobs, which run commands on the workers.")]
    public static partial void OpenToEverybody(this ILogger log, string addresses);

    [LoggerMessage(803, LogLevel.Warning,
        "Listening on {Addresses}, beyond this machine, so every request needs a key, and there is none yet: make one with 'sje keys create'.")]
    public static partial void NoKeysYet(this ILogger log, string addresses);

    [LoggerMessage(804, LogLevel.Warning, "{Method} {Path} refused: it came without a key from {Origin} to {Host}.")]
    public static partial void UnsafeRequest(this ILogger log, string method, string path, string origin, string host);

    [LoggerMessage(805, LogLevel.Warning, "Keys could not be counted at start.")]
    public static partial void KeysNotCounted(this ILogger log, Exception failure);
}
