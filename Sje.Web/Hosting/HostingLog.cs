namespace Sje.Web.Hosting;

/// <summary>What hosting logs: event ids 910 to 999.</summary>
internal static partial class HostingLog
{
    [LoggerMessage(910, LogLevel.Information, "Ready as {Role} at {Url}")]
    public static partial void Ready(ILogger logger, string role, string url);

    [LoggerMessage(911, LogLevel.Information, "Stopping: no new work is taken, what runs may end")]
    public static partial void Stopping(ILogger logger);

    [LoggerMessage(912, LogLevel.Information, "Brought the database to this version's schema: {Scripts}")]
    public static partial void Migrated(ILogger logger, string scripts);

    [LoggerMessage(913, LogLevel.Warning, "{Note}")]
    public static partial void ConfigurationNote(ILogger logger, string note);

    [LoggerMessage(914, LogLevel.Warning, "{Note}")]
    public static partial void PagesNotBuilt(ILogger logger, string note);
}
