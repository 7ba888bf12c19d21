namespace Sje.Jobs.Storage;

/// <summary>Which lines of a log are wanted: those of a level and above, or what was written to stderr.</summary>
public enum LineFilter
{
    /// <summary>Errors.</summary>
    Error,

    /// <summary>Warnings and errors.</summary>
    Warn,

    /// <summary>Information and above.</summary>
    Info,

    /// <summary>Whatever says a level.</summary>
    Debug,

    /// <summary>What was written to stderr, whatever it says.</summary>
    Stderr,
}

/// <summary>Filters on stored lines, and on the counts of a chunk of them.</summary>
internal static class LineFilters
{
    /// <summary>How many lines of a chunk pass, in SQL over the columns of a counted chunk.</summary>
    public static string CountSql(this LineFilter filter) =>
        filter switch
        {
            LineFilter.Error => "error_lines",
            LineFilter.Warn => "error_lines + warn_lines",
            LineFilter.Info => "error_lines + warn_lines + info_lines",
            LineFilter.Debug => "error_lines + warn_lines + info_lines + debug_lines",
            _ => "stderr_lines",
        };

    /// <summary>Whether a line passes.</summary>
    public static bool Takes(this LineFilter filter, StoredLine line) =>
        filter == LineFilter.Stderr
            ? line.Stream == Core.Jobs.LogStream.Stderr
            : LineLevels.Of(line.Text) is { } level
                && level
                    >= filter switch
                    {
                        LineFilter.Error => LineLevel.Error,
                        LineFilter.Warn => LineLevel.Warn,
                        LineFilter.Info => LineLevel.Info,
                        _ => LineLevel.Debug,
                    };
}
