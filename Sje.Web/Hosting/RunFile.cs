using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sje.Web.Hosting;

/// <summary>
/// <c>.sje/run.json</c>: which server runs in a folder and which database it uses. A kill -9 leaves the file, so it names the process by
/// number and start time; a reader believes it only while that very process lives.
/// </summary>
internal sealed record RunFile
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>Where it answers.</summary>
    public required string Url { get; init; }

    /// <summary>The server's process.</summary>
    public required int ProcessId { get; init; }

    /// <summary>When that process started, in clock ticks since boot (<c>/proc/PID/stat</c>, field 22); numbers are used again, this pair is not.</summary>
    public required long ProcessStart { get; init; }

    /// <summary><c>server</c> or <c>all</c>.</summary>
    public required string Role { get; init; }

    /// <summary>The file that holds the connection string.</summary>
    public required string ConnectionFile { get; init; }

    /// <summary>The embedded PostgreSQL's process, where there is one.</summary>
    public int? PostgresProcessId { get; init; }

    /// <summary>When the server was ready.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The server that runs in a folder, or null: none was, or it is gone.</summary>
    public static RunFile? ReadLive(SjeHome home)
    {
        try
        {
            var read = JsonSerializer.Deserialize<RunFile>(File.ReadAllText(home.RunFile), Json);
            return read is not null && StartOf(read.ProcessId) == read.ProcessStart ? read : null;
        }
        catch (Exception nothing) when (nothing is IOException or UnauthorizedAccessException or JsonException)
        {
            // Missing, another user's, or cut short by a crash: no server of ours.
            return null;
        }
    }

    /// <summary>Writes the file and the connection string, for our user's eyes only, each in one step.</summary>
    public void Write(SjeHome home, string connectionString)
    {
        WritePrivate(home.ConnectionFile, connectionString);
        WritePrivate(home.RunFile, JsonSerializer.Serialize(this, Json));
    }

    /// <summary>Removes the file if it is still about this process.</summary>
    public static void RemoveOwn(SjeHome home)
    {
        if (ReadLive(home)?.ProcessId == Environment.ProcessId)
        {
            File.Delete(home.RunFile);
            File.Delete(home.ConnectionFile);
        }
    }

    /// <summary>The start time of a process in clock ticks since boot, or null when there is none of that number.</summary>
    public static long? StartOf(int processId)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{processId.ToString(CultureInfo.InvariantCulture)}/stat");
            // The second field is the name in parentheses and may hold anything; fields count on from behind it.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] == "Z" ? null : long.Parse(fields[19], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static void WritePrivate(string path, string text)
    {
        var fresh = path + ".new";
        File.Delete(fresh);
        using (
            var file = new StreamWriter(
                new FileStream(
                    fresh,
                    new FileStreamOptions
                    {
                        Mode = FileMode.CreateNew,
                        Access = FileAccess.Write,
                        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                    }
                )
            )
        )
        {
            file.WriteLine(text);
        }

        File.Move(fresh, path, overwrite: true);
    }
}
