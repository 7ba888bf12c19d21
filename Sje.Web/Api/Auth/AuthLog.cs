namespace Sje.Web.Api.Auth;

/// <summary>What is logged of who may come in: event ids 802 to 809.</summary>
internal static partial class AuthLog
{
    [LoggerMessage(
        802,
        LogLevel.Warning,
        "Auth:AllowAnonymous is set: everybody who can reach {Addresses} may submit jobs, which run commands on the workers."
    )]
    public static partial void OpenToEverybody(this ILogger log, string addresses);

    [LoggerMessage(
        803,
        LogLevel.Warning,
        "Listening on {Addresses}, beyond this machine, so every request needs a key, and there is none yet: make one with 'sje keys create'."
    )]
    public static partial void NoKeysYet(this ILogger log, string addresses);

    [LoggerMessage(804, LogLevel.Warning, "{Method} {Path} refused: it came without a key from {Origin} to {Host}.")]
    public static partial void UnsafeRequest(this ILogger log, string method, string path, string origin, string host);

    [LoggerMessage(805, LogLevel.Warning, "Keys could not be counted at start.")]
    public static partial void KeysNotCounted(this ILogger log, Exception failure);
}
