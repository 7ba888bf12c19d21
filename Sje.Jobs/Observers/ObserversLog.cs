using Microsoft.Extensions.Logging;

namespace Sje.Jobs.Observers;

internal static partial class ObserversLog
{
    [LoggerMessage(700, LogLevel.Warning, "New events could not be read; trying again from the same place.")]
    public static partial void EventPollFailed(this ILogger log, Exception failure);

    [LoggerMessage(701, LogLevel.Warning, "Followed logs could not be read; trying again.")]
    public static partial void LogPollFailed(this ILogger log, Exception failure);
}
