using System.CommandLine;
using Sje.Web.Failures;

namespace Sje.Web.Cli;

/// <summary><c>sje completion SHELL</c>: what a shell has to read to complete the words and options of <c>sje</c>.</summary>
internal static class CompletionCommand
{
    // The library answers "[suggest:POSITION] LINE"; the line has to begin with our name, however the program was called.
    private const string Bash = """
        _sje() {
            local line="sje${COMP_LINE#"${COMP_WORDS[0]}"}" at=$((COMP_POINT - ${#COMP_WORDS[0]} + 3)) IFS=$'\n'
            COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "[suggest:$at]" "$line" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _sje sje ./sje
        """;

    private const string Zsh = "autoload -U +X bashcompinit && bashcompinit\n" + Bash;

    private const string Fish = """
        function __sje
            set -l line sje(string replace -r '^\S+' '' -- (commandline -cp))
            set -l words (commandline -opc)
            $words[1] "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
        end
        complete -c sje -a '(__sje)'
        """;

    private static readonly Argument<string> Shell = new("shell") { Description = "bash, zsh or fish" };

    public static Command Create()
    {
        Shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command(
            "completion",
            "Print what a shell reads to complete the words and options of sje: eval \"$(sje completion bash)\""
        )
        {
            Shell,
        };
        command.SetAction(parsed =>
        {
            Console.Out.WriteLine(
                parsed.GetRequiredValue(Shell) switch
                {
                    "bash" => Bash,
                    "zsh" => Zsh,
                    _ => Fish,
                }
            );
            return ExitCodes.Ok;
        });
        return command;
    }

    /// <summary>Whether a command line is a shell's question, which is about another line that need not be right yet.</summary>
    public static bool IsQuestion(string[] args) =>
        args is [var first, ..] && first.StartsWith("[suggest", StringComparison.Ordinal);
}
