using Hangfire.AspNetCore;
using Hangfire.Logging;
using Microsoft.Extensions.Logging;

namespace Sje.Jobs.Background;

/// <summary>
/// Hangfire's log in that of the host. Hangfire keeps its log provider in a static, so where several hosts live in one process, one of
/// them may ask the provider of another that has ended: it gets a silent log instead of an exception.
/// </summary>
internal sealed class HangfireLog(ILoggerFactory loggers) : ILogProvider
{
    private readonly AspNetCoreLogProvider inner = new(loggers);

    /// <inheritdoc/>
    public ILog GetLogger(string name)
    {
        try
        {
            return inner.GetLogger(name);
        }
        catch (ObjectDisposedException)
        {
            return NoLog.Instance;
        }
    }

    private sealed class NoLog : ILog
    {
        public static readonly NoLog Instance = new();

        public bool Log(Hangfire.Logging.LogLevel logLevel, Func<string>? messageFunc, Exception? exception = null) =>
            false;
    }
}
