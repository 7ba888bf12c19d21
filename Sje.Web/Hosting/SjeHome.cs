using Sje.Web.Failures;

namespace Sje.Web.Hosting;

/// <summary>The folder that an SJE belongs to: its configuration stands there, its state in <c>.sje/</c> below.</summary>
internal sealed record SjeHome(string Folder)
{
    /// <summary>What SJE itself keeps: the embedded database, logs, <c>run.json</c>.</summary>
    public string State => Path.Combine(Folder, ".sje");

    /// <summary>Tells other verbs of the running server.</summary>
    public string RunFile => Path.Combine(State, "run.json");

    /// <summary>The connection string of the database in use; for our own eyes.</summary>
    public string ConnectionFile => Path.Combine(State, "connection");

    /// <summary>Rolling log files.</summary>
    public string Logs => Path.Combine(State, "logs");

    /// <summary>The folder of a process that serves: <c>SJE_HOME</c>, else the one we were started in.</summary>
    public static SjeHome ToServeFrom() => new(Path.GetFullPath(Given("SJE_HOME") ?? Environment.CurrentDirectory));

    /// <summary>
    /// The folder whose server a verb means: <c>SJE_HOME</c>, else the nearest folder from here upwards that has one, else the clone of
    /// the script that started us, else the one we are in.
    /// </summary>
    public static SjeHome ToAskIn()
    {
        if (Given("SJE_HOME") is { } named)
        {
            return new SjeHome(Path.GetFullPath(named));
        }

        for (var folder = new DirectoryInfo(Environment.CurrentDirectory); folder is not null; folder = folder.Parent)
        {
            var home = new SjeHome(folder.FullName);
            if (File.Exists(home.RunFile))
            {
                return home;
            }
        }

        return new SjeHome(Path.GetFullPath(Given("SJE_CLONE") ?? Environment.CurrentDirectory));
    }

    /// <summary>Makes <c>.sje</c>, readable for the database's user where that is another one.</summary>
    public void CreateState()
    {
        try
        {
            Directory.CreateDirectory(State);
        }
        catch (Exception refused) when (refused is UnauthorizedAccessException or IOException)
        {
            throw new FailureException(
                $"{State} cannot be made ({refused.Message}): start sje in a folder that user '{Environment.UserName}' may write, or set SJE_HOME to one.",
                ExitCodes.Machine
            );
        }
    }

    private static string? Given(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : null;
}
