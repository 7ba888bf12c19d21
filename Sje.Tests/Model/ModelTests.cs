using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;
using Sje.Tests.Support;

namespace Sje.Tests.Model;

/// <summary>
/// Random scripts against the reference model and against the real core on a real database: the same answers, the same state after every step.
/// What happens at once must come to what it would have come to in some order. A failure shows the shortest script found, what was done, where
/// the two differ, and the seed, which SJE_MODEL_SEED takes (<c>seed,gamma</c>); SJE_MODEL_SCRIPTS is how many scripts are tried.
/// </summary>
public sealed class ModelTests(TestDatabase db) : IClassFixture<TestDatabase>
{
    [Fact]
    public void One_thing_at_a_time_comes_to_what_the_model_says() => CheckAll(Script.OneByOne(40), 60);

    [Fact]
    public void Several_things_at_once_come_to_what_some_order_of_them_would() =>
        CheckAll(Script.AtOnce(before: 14, rounds: 6, width: 3), 60);

    [Fact]
    public void Many_things_at_once_come_to_what_some_order_of_them_would() =>
        CheckAll(Script.AtOnce(before: 14, rounds: 2, width: 5), 25);

    private void CheckAll(Arbitrary<Script> scripts, int count)
    {
        using var core = new RealCore(db.Database);
        var config = Config
            .QuickThrowOnFailure.WithMaxTest(
                int.TryParse(Environment.GetEnvironmentVariable("SJE_MODEL_SCRIPTS"), out var many) ? many : count
            )
            .WithQuietOnSuccess(true);
        if (Environment.GetEnvironmentVariable("SJE_MODEL_SEED")?.Split(',') is [var seed, var gamma])
        {
            config = config.WithReplay(
                FSharpOption<Replay>.Some(
                    new Replay(
                        new Rnd(
                            ulong.Parse(seed, CultureInfo.InvariantCulture),
                            ulong.Parse(gamma, CultureInfo.InvariantCulture)
                        ),
                        FSharpOption<int>.None
                    )
                )
            );
        }

        string? last = null;
        try
        {
            Check.One(
                config,
                Prop.ForAll(
                    scripts,
                    script =>
                    {
                        var told = Task.Run(() => PlayAsync(core, script)).GetAwaiter().GetResult();
                        last = told ?? last;
                        return told is null;
                    }
                )
            );
        }
        catch (Exception failed) when (last is not null)
        {
            Assert.Fail($"{failed.Message}{Environment.NewLine}{last}");
        }
    }

    /// <summary>Plays a script on both; null when they agree throughout.</summary>
    private async Task<string?> PlayAsync(RealCore core, Script script)
    {
        var model = new ReferenceModel();
        await core.ResetAsync(model);
        var story = new StringBuilder();
        var names = 0;
        foreach (var round in script.Rounds)
        {
            foreach (var slot in model.DeadWorkers.ToList())
            {
                model.Register(slot);
                await core.RegisterAsync(slot, model.WorkerName(slot));
            }

            var acts = round
                .Select(step =>
                    step.Resolve(model, core, () => string.Create(CultureInfo.InvariantCulture, $"e{++names:00}"))
                )
                .OfType<Act>()
                .ToList();
            var answers = await Task.WhenAll(acts.Select(act => Task.Run(() => core.ApplyAsync(act))));
            await core.SettleAsync();
            foreach (var (act, answer) in acts.Zip(answers))
            {
                story.Append(CultureInfo.InvariantCulture, $"{(acts.Count > 1 ? "|| " : "")}{act} -> {answer}\n");
            }

            var real = await core.RenderAsync();
            var tried = acts.Count == 1 ? [TryOne(model, acts[0], answers[0])] : TryOrders(model, acts, answers);
            if (tried.FirstOrDefault(t => t.Answers is null && t.Model.Render() == real) is not { Model: { } next })
            {
                return $"{story}no order of these explains it:\n{string.Join("\n", tried.Take(2).Select(t => t.Answers ?? Difference(t.Model.Render(), real)))}";
            }

            if (next.Broken() is { } broken)
            {
                return $"{story}{broken}";
            }

            model = next;
            if (acts.Count > 1)
            {
                var (accepted, available) = await core.OrderAsync();
                model.Order(accepted, available);
            }
        }

        return null;
    }

    /// <summary>The model after an act, and in words where its answer is another one.</summary>
    private static (ReferenceModel Model, string? Answers) TryOne(ReferenceModel model, Act act, string answer)
    {
        var next = model.Clone();
        var expected = next.Apply(act);
        return (next, expected == answer ? null : $"{act}: the model answers '{expected}'");
    }

    private static IEnumerable<(ReferenceModel Model, string? Answers)> TryOrders(
        ReferenceModel model,
        List<Act> acts,
        string[] answers
    )
    {
        // A lease lapses before others see that it has: something may happen in between.
        var parts = acts.SelectMany(
                (act, i) =>
                    act is Kill kill
                        ? new Part[] { new(new Lapse(kill.Worker), i), new(new MarkDead(), i) }
                        : [new(act, i)]
            )
            .ToList();
        foreach (
            var order in Orders(Enumerable.Range(0, parts.Count).ToList())
                .Where(order =>
                    parts.TrueForAll(p =>
                        p.Act is not MarkDead || order.IndexOf(parts.IndexOf(p) - 1) < order.IndexOf(parts.IndexOf(p))
                    )
                )
        )
        {
            var next = model.Clone();
            string? other = null;
            foreach (var i in order)
            {
                var (act, answer) = (parts[i].Act, answers[parts[i].Of]);
                var expected = next.Apply(act, act is Claim ? answer : null);
                if (expected != answer)
                {
                    other = $"{act}: the model answers '{expected}' in order {string.Join(' ', order)}";
                    break;
                }
            }

            yield return (next, other);
        }
    }

    /// <summary>What an act of a round does, or the first or second part of it.</summary>
    private sealed record Part(Act Act, int Of);

    private static IEnumerable<List<int>> Orders(List<int> of) =>
        of.Count <= 1
            ? [of]
            : of.SelectMany(first => Orders(of.FindAll(i => i != first)).Select(rest => rest.Prepend(first).ToList()));

    private static string Difference(string model, string real)
    {
        var (expected, seen) = (model.Split('\n'), real.Split('\n'));
        return string.Join(
            '\n',
            expected
                .Except(seen)
                .Select(line => "model: " + line)
                .Concat(seen.Except(expected).Select(line => "real:  " + line))
        );
    }
}
