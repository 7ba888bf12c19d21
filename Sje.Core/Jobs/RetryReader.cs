using System.Text.Json;
using System.Text.Json.Nodes;
using Sje.Core.Reliability;

namespace Sje.Core.Jobs;

/// <summary>Reads <c>retry</c> of a job or a task. What is left out is inherited, field by field.</summary>
internal sealed class RetryReader(RetryPolicies policies, FaultList faults)
{
    private const int MostRules = 20;
    private const int MostChoices = 100;

    private static readonly string[] Matchers = ["class", "exitCode", "signal", "exception", "logPattern"];
    private static readonly Dictionary<string, Backoff> Backoffs = Words<Backoff>();
    private static readonly Dictionary<string, Jitter> Jitters = Words<Jitter>();

    public RetrySpec Read(Fields? retry, RetrySpec inherited)
    {
        if (retry is null)
        {
            return inherited;
        }

        var policy = retry.Text("policy") is { } name ? Policy(name, retry.At("policy")) : inherited.Policy;
        var attempts = retry.Whole("maxAttempts");
        var own = new RetrySpec
        {
            Policy = policy,
            MaxAttempts = attempts ?? (inherited.Policy == RetrySpec.None ? null : inherited.MaxAttempts),
            Backoff = Word(retry, "backoff", Backoffs) ?? inherited.Backoff,
            InitialDelay = retry.Duration("initialDelay") ?? inherited.InitialDelay,
            MaxDelay = retry.Duration("maxDelay"),
            Factor = retry.Number("factor"),
            Jitter = Word(retry, "jitter", Jitters) ?? inherited.Jitter,
            MaxElapsed = retry.Duration("maxElapsed") ?? inherited.MaxElapsed,
            On = retry.List("on") is { } rules ? Rules(rules, retry.At("on")) : inherited.On,
        };
        retry.RefuseOthers();
        // A delay of the task's own makes room for itself against one that it only inherits.
        own = own with
        {
            MaxDelay = own.MaxDelay ?? (own.InitialDelay > inherited.MaxDelay ? own.InitialDelay : inherited.MaxDelay),
        };
        return policy == RetrySpec.None
            ? OneAttempt(own, attempts, retry, inherited)
            : own with
            {
                Factor = FactorOf(own, retry, inherited),
            };
    }

    private RetrySpec OneAttempt(RetrySpec own, int? attempts, Fields retry, RetrySpec inherited)
    {
        if (attempts > 1)
        {
            faults.Add(
                retry.At("maxAttempts"),
                FaultCodes.Conflict,
                "Policy 'none' makes one attempt; name another policy."
            );
        }

        return own with
        {
            MaxAttempts = Math.Min(attempts ?? 1, 1),
            Factor = own.Factor ?? inherited.Factor,
        };
    }

    private double? FactorOf(RetrySpec own, Fields retry, RetrySpec inherited)
    {
        var backoff = own.Backoff ?? policies.Find(own.Policy ?? RetryPolicies.Default)?.Backoff;
        if (own.Factor is null)
        {
            return backoff is Backoff.Exponential ? inherited.Factor : null;
        }

        if (backoff is not (null or Backoff.Exponential))
        {
            faults.Add(
                retry.At("factor"),
                FaultCodes.Conflict,
                "A factor goes with an exponential backoff; here it is another one."
            );
        }

        return own.Factor;
    }

    private List<FailureRule> Rules(JsonArray rules, string pointer)
    {
        if (rules.Count > MostRules)
        {
            faults.Add(pointer, FaultCodes.TooMany, $"{rules.Count:N0} rules; at most {MostRules}.");
            return [];
        }

        var read = new List<FailureRule>(rules.Count);
        for (var i = 0; i < rules.Count; i++)
        {
            var at = Fault.At(pointer, i);
            if (rules[i] is JsonObject rule)
            {
                read.Add(Rule(new Fields(rule, at, faults)));
            }
            else
            {
                faults.Add(at, FaultCodes.WrongType, $"A rule must be an object, and is {Fields.KindOf(rules[i])}.");
            }
        }

        return read;
    }

    private FailureRule Rule(Fields rule)
    {
        var read = new FailureRule
        {
            Classes = Texts(
                rule,
                "class",
                name =>
                    FailureClasses.Names.Contains(name)
                        ? null
                        : $"There is no failure class {Excerpt.Quote(name)}.{NearName.Hint(name, FailureClasses.Names)} Known are {string.Join(", ", FailureClasses.Names)}."
            ),
            ExitCodes = ExitCodes(rule),
            KilledBy = Texts(
                rule,
                "signal",
                name =>
                    name.StartsWith("SIG", StringComparison.Ordinal) && name.Length is > 3 and <= 10
                        ? null
                        : $"{Excerpt.Quote(name)} is no name of a signal: SIGTERM, SIGKILL and the like."
            ),
            Exceptions = Texts(
                rule,
                "exception",
                name =>
                    name.Length is > 0 and <= 200 && !name.Any(c => char.IsWhiteSpace(c) || c is ':')
                        ? null
                        : $"{Excerpt.Quote(name)} is no name of an exception, like ValueError or java.io.IOException."
            ),
            LogPattern = rule.Text("logPattern") is { } pattern ? Pattern(pattern, rule.At("logPattern")) : null,
            Policy = rule.RequiredText("policy") is { } policy ? Policy(policy, rule.At("policy")) : RetrySpec.None,
        };
        rule.RefuseOthers();
        if (!Matchers.Any(rule.Has))
        {
            faults.Add(
                rule.Pointer,
                FaultCodes.Required,
                "A rule says which failures it is about: class, exitCode, signal, exception or logPattern."
            );
        }

        return read;
    }

    private string Policy(string name, string pointer)
    {
        if (policies.Find(name) is null)
        {
            faults.Add(
                pointer,
                FaultCodes.InvalidValue,
                $"There is no retry policy {Excerpt.Quote(name)}.{NearName.Hint(name, policies.Names)} "
                    + $"Known are {string.Join(", ", policies.Names)}."
            );
        }

        return name;
    }

    private string Pattern(string pattern, string pointer)
    {
        string? wrong = null;
        if (pattern.Length is 0 or > FailureRule.LongestPattern)
        {
            wrong = $"A pattern has 1 to {FailureRule.LongestPattern} characters.";
        }
        else
        {
            try
            {
                FailureRule.Compile(pattern);
            }
            catch (ArgumentException e)
            {
                wrong = $"{Excerpt.Quote(pattern)} is no regular expression: {Excerpt.Cut(e.Message)}";
            }
            catch (NotSupportedException)
            {
                wrong =
                    $"{Excerpt.Quote(pattern)} cannot be searched for: patterns neither look around nor refer back, and do not repeat by the thousands.";
            }
        }

        if (wrong is not null)
        {
            faults.Add(pointer, FaultCodes.InvalidValue, wrong);
        }

        return pattern;
    }

    private List<int>? ExitCodes(Fields rule)
    {
        if (rule.Any("exitCode") is not JsonArray list)
        {
            return rule.Whole("exitCode") is { } one ? [ExitCode(one, rule.At("exitCode"))] : null;
        }

        var codes = new List<int>();
        if (Fits(list, rule.At("exitCode")))
        {
            for (var i = 0; i < list.Count; i++)
            {
                var at = Fault.At(rule.At("exitCode"), i);
                if (JsonNumber.TryWhole(list[i], out var code))
                {
                    codes.Add(ExitCode((int)Math.Clamp(code, int.MinValue, int.MaxValue), at));
                }
                else
                {
                    faults.Add(at, FaultCodes.WrongType, $"Must be a whole number, and is {Fields.KindOf(list[i])}.");
                }
            }
        }

        return codes;
    }

    private int ExitCode(int code, string pointer)
    {
        if (code is < 1 or > 255)
        {
            faults.Add(pointer, FaultCodes.OutOfRange, $"{code} is beyond 1..255; 0 is success.");
        }

        return code;
    }

    /// <summary>One text, or a list of them.</summary>
    private List<string>? Texts(Fields rule, string name, Func<string, string?> wrong)
    {
        var given = rule.Any(name);
        var list =
            given is JsonArray ? rule.Texts(name)
            : rule.Text(name) is { } one ? [one]
            : null;
        if (given is JsonArray array && !Fits(array, rule.At(name)))
        {
            return [];
        }

        for (var i = 0; i < list?.Count; i++)
        {
            if (wrong(list[i]) is { } detail)
            {
                faults.Add(
                    given is JsonArray ? Fault.At(rule.At(name), i) : rule.At(name),
                    FaultCodes.InvalidValue,
                    detail
                );
            }
        }

        return list is null ? null : [.. list];
    }

    private bool Fits(JsonArray list, string pointer)
    {
        if (list.Count is > 0 and <= MostChoices)
        {
            return true;
        }

        faults.Add(
            pointer,
            list.Count == 0 ? FaultCodes.Required : FaultCodes.TooMany,
            $"{list.Count} entries; 1 to {MostChoices} can stand here."
        );
        return false;
    }

    private T? Word<T>(Fields retry, string field, Dictionary<string, T> words)
        where T : struct
    {
        if (retry.Text(field) is not { } word)
        {
            return null;
        }

        if (words.TryGetValue(word, out var found))
        {
            return found;
        }

        faults.Add(
            retry.At(field),
            FaultCodes.InvalidValue,
            $"{Excerpt.Quote(word)} is none of {string.Join(", ", words.Keys)}.{NearName.Hint(word, [.. words.Keys])}"
        );
        return null;
    }

    private static Dictionary<string, T> Words<T>()
        where T : struct, Enum =>
        Enum.GetValues<T>().ToDictionary(value => JsonSerializer.SerializeToNode(value)!.GetValue<string>());
}
