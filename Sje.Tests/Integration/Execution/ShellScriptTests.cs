using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Tests.Integration.Execution;

/// <summary>Values of templates in shell text stay values, whatever quotes the text puts around them.</summary>
public sealed class ShellScriptTests : IDisposable
{
    private readonly ExecutionBench bench = new();

    public void Dispose() => bench.Dispose();

    public static TheoryData<string, string, string> Cases()
    {
        // {0} in the second is where the value shows.
        (string Script, string Shows)[] places =
        [
            ("printf '%s' {{ parameters.v }}", "{0}"),
            ("printf '%s' \"day {{ parameters.v }}.\"", "day {0}."),
            ("printf '%s' 'day {{ parameters.v }}.'", "day {0}."),
            ("printf '%s' pre{{ parameters.v }}post", "pre{0}post"),
            ("printf '%s' \"$(printf '%s' \"{{ parameters.v }}\")\"", "{0}"),
            ("printf '%s' \"$(printf '%s' {{ parameters.v }})\"", "{0}"),
            ("# don't\nprintf '%s' {{ parameters.v }}", "{0}"),
            ("x='a'\\''b'; printf '%s' {{ parameters.v }}", "{0}"),
            ("f() { printf '%s' {{ parameters.v }}; }; f other", "{0}"),
            ("printf '%s' $'tab\\t{{ parameters.v }}'", "tab\t{0}"),
            ("cat <<END\nit's {{ parameters.v }}\nEND\nprintf '%s' {{ parameters.v }}", "it's {0}\n{0}"),
        ];
        string[] values =
        [
            "plain",
            "two  words",
            "'; touch pwned; '",
            "\"; touch pwned; \"",
            "$(touch pwned)",
            "`touch pwned`",
            "*",
            "a\nb; touch pwned",
            "\\",
            "${HOME}",
            "END\ntouch pwned",
            "-n",
            "é",
        ];
        var cases = new TheoryData<string, string, string>();
        foreach (var (script, shows) in places)
        {
            foreach (var value in values)
            {
                cases.Add(script, value, shows.Replace("{0}", value, StringComparison.Ordinal));
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_value_arrives_as_it_is_and_runs_nothing(string script, string value, string expected)
    {
        bench.Scope["parameters"] = new JsonObject { ["v"] = value };

        var result = await bench.ShellAsync(script);

        Assert.Null(result.Error);
        Assert.Equal(expected.Split('\n'), bench.Reporter.Lines(LogStream.Stdout));
        Assert.False(File.Exists(Path.Combine(bench.Root, "pwned")));
    }

    [Fact]
    public async Task A_list_is_no_shell_and_its_values_are_single_arguments()
    {
        bench.Scope["parameters"] = new JsonObject
        {
            ["v"] = "a b; touch pwned",
            ["n"] = 7,
            ["deep"] = new JsonObject { ["x"] = true },
        };

        await bench.Engine.RunAsync(
            bench.Context(
                new JsonObject
                {
                    ["command"] = new JsonArray(
                        "printf",
                        "%s|",
                        "{{ parameters.v }}",
                        "n={{ parameters.n }}",
                        "{{ parameters.deep }}",
                        8080,
                        true
                    ),
                }
            ),
            default
        );

        Assert.Equal(["a b; touch pwned|n=7|{\"x\":true}|8080|true|"], bench.Reporter.Lines(LogStream.Stdout));
    }

    [Fact]
    public async Task A_template_where_the_shell_replaces_nothing_is_refused()
    {
        bench.Scope["parameters"] = new JsonObject { ["v"] = "x" };

        var error = (await bench.ShellAsync("cat <<'END'\n{{ parameters.v }}\nEND")).Error;

        Assert.Equal("invalid", error?.Class);
        Assert.Contains("here-document", error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_template_without_a_value_is_refused()
    {
        var error = (await bench.ShellAsync("echo {{ tasks.before.outputs.rows }}")).Error;

        Assert.Equal("invalid", error?.Class);
        Assert.Contains("tasks.before.outputs.rows", error!.Message, StringComparison.Ordinal);
    }
}
