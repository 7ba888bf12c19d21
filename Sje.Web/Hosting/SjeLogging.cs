using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Compact;
using Serilog.Templates;

namespace Sje.Web.Hosting;

/// <summary>
/// Logs for a person on standard error, one line each with what it is about, and for programs as JSON lines in <c>.sje/logs/</c>.
/// </summary>
internal static class SjeLogging
{
    // ExecutionId, Task, Attempt, Queue and WorkerId come from scopes; only those that are there are shown.
    private const string ConsoleTemplate =
        "{@t:HH:mm:ss} {@l:u3} {@m}"
        + "{#if ExecutionId is not null} [{ExecutionId}{#if Task is not null} {Task}{#end}{#if Attempt is not null} #{Attempt}{#end}]{#end}\n{@x}";

    /// <summary>How much the console shows; the file always has everything.</summary>
    public static LoggingLevelSwitch Console { get; } = new(LogEventLevel.Information);

    /// <summary>A logger by the section <c>Serilog</c> of the configuration.</summary>
    /// <param name="configuration">Where levels are overridden and more sinks named.</param>
    /// <param name="logs">The folder of the files, or null for none.</param>
    public static Logger Create(IConfiguration configuration, string? logs)
    {
        var logger = new LoggerConfiguration()
            // It warns at every start that its keys lie in the database as they are; they guard forms, and who reads the database needs none.
            .MinimumLevel.Override("Microsoft.AspNetCore.DataProtection", LogEventLevel.Error)
            .ReadFrom.Configuration(configuration)
            .Enrich.FromLogContext()
            .WriteTo.Console(
                new ExpressionTemplate(ConsoleTemplate),
                levelSwitch: Console,
                standardErrorFromLevel: LogEventLevel.Verbose
            );
        if (logs is not null)
        {
            logger.WriteTo.File(
                new CompactJsonFormatter(),
                Path.Combine(logs, "sje-.jsonl"),
                rollingInterval: RollingInterval.Day,
                rollOnFileSizeLimit: true,
                fileSizeLimitBytes: 50 * 1024 * 1024,
                retainedFileCountLimit: 14,
                // Several processes of one folder write the same day's file.
                shared: true
            );
        }

        return logger.CreateLogger();
    }
}
