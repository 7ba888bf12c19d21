using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Sje.Tests.Unit.Engines.Spark.Yarn;

/// <summary>
/// Starts a command as a NodeManager does (Hadoop's <c>ContainerLaunch</c>): replaces its markers in the command and in the variables, writes both
/// into a shell script between double quotes, and runs that. <c>java</c> is a program that writes down what it is given.
/// </summary>
internal sealed class LaunchScript : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("sje-launch-").FullName;

    public string Container => Path.Combine(folder, "container");

    public async Task<Launched> RunAsync(string command, IEnumerable<KeyValuePair<string, string>> environment)
    {
        Directory.CreateDirectory(Container);
        var java = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "jdk", "bin")).FullName, "java");
        await File.WriteAllTextAsync(
            java,
            "#!/bin/bash\nprintf '%s\\0' \"$@\" > words\nenv -0 > environment\necho out\necho err >&2\n"
        );
        File.SetUnixFileMode(java, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var lines = environment.Select(variable => $"export {variable.Key}=\"{Expand(variable.Value)}\"\n");
        var script = Path.Combine(folder, "launch_container.sh");
        await File.WriteAllTextAsync(
            script,
            $"#!/bin/bash\nset -o pipefail -e\nexport JAVA_HOME=\"{folder}/jdk\"\n{string.Concat(lines)}exec /bin/bash -c \"{Expand(command)}\"\n"
        );
        using var process = Process.Start(
            new ProcessStartInfo("bash", [script])
            {
                WorkingDirectory = Container,
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            }
        )!;
        await process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, errors + await File.ReadAllTextAsync(script));
        return new Launched(
            await TextsAsync("words"),
            (await TextsAsync("environment"))
                .Select(text => text.Split('=', 2))
                .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal)
        );
    }

    /// <summary>The same with the parts of a submission's body.</summary>
    public Task<Launched> RunAsync(JsonObject body)
    {
        var spec = body["am-container-spec"]!;
        return RunAsync(
            spec["commands"]!["command"]!.GetValue<string>(),
            spec["environment"]!["entry"]!
                .AsArray()
                .Select(entry =>
                    KeyValuePair.Create(entry!["key"]!.GetValue<string>(), entry["value"]!.GetValue<string>())
                )
        );
    }

    /// <summary>A file that the command wrote, read as Java reads properties.</summary>
    public Dictionary<string, string> Properties(string file)
    {
        var properties = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in File.ReadAllLines(Path.Combine(Container, file)).Where(line => line[0] != '#'))
        {
            var parts = new[] { new System.Text.StringBuilder(), new System.Text.StringBuilder() };
            var part = 0;
            for (var i = 0; i < line.Length; i++)
            {
                if (line[i] == '=' && part == 0)
                {
                    part = 1;
                }
                else if (line[i] != '\\')
                {
                    parts[part].Append(line[i]);
                }
                else if (line[++i] == 'u')
                {
                    parts[part].Append((char)Convert.ToInt32(line[(i + 1)..(i + 5)], 16));
                    i += 4;
                }
                else
                {
                    parts[part]
                        .Append(
                            line[i] switch
                            {
                                'n' => '\n',
                                'r' => '\r',
                                't' => '\t',
                                var c => c,
                            }
                        );
                }
            }

            properties.Add(parts[0].ToString(), parts[1].ToString());
        }

        return properties;
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string Expand(string text) =>
        text.Replace("<LOG_DIR>", folder, StringComparison.Ordinal)
            .Replace("<CPS>", ":", StringComparison.Ordinal)
            .Replace("{{", "$", StringComparison.Ordinal)
            .Replace("}}", "", StringComparison.Ordinal);

    private async Task<string[]> TextsAsync(string file) =>
        (await File.ReadAllTextAsync(Path.Combine(Container, file))).Split('\0')[..^1];
}

/// <summary>What the program was given.</summary>
internal sealed record Launched(IReadOnlyList<string> Words, IReadOnlyDictionary<string, string> Environment);
