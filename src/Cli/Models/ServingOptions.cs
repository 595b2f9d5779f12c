using System.CommandLine;
using System.Globalization;
using Tollgate.Cli.Commands;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;

namespace Tollgate.Cli.Models;

/// <summary>Options for how an imported model is held and served, the same in <c>import</c> and <c>install</c>. What a model is, they
/// leave to the source.</summary>
internal static class ServingOptions
{
    private static readonly Option<string?> Completions = Choice(
        "--completions",
        "How /v1/completions reaches a chat model: 'raw' continues a text, 'chat' answers it. Default: raw, unless the model ends at once "
            + "on plain questions.",
        [ModelCompletions.Raw, ModelCompletions.Chat]);
    private static readonly Option<string?> Precision = Choice(
        "--precision",
        "How a chat model's matrices are held: 'f32', 'int8', 'int4' or 'auto'. Default: auto, which keeps what is quantised in the file "
            + "as it is, and numbers as float32 unless memory or speed ask for int8.",
        [.. ModelPrecisions.Choices],
        text => text == "f16" ? "the processor's kernels have no products in half precision; " : null);
    private static readonly Option<string?> KeyValues = Choice(
        "--kv", "How a chat model's keys and values are held: 'f32' or 'f16', which halves their memory and rounds. Default: f32.",
        [.. KeyValueTypes.All]);
    private static readonly Option<double?> ParityBound = new("--parity-bound")
    {
        Description = "How far a chat model in fewer bits may be from its source: nats by which its next tokens diverge. Default: 0.1.",
    };
    private static readonly Option<string?> Group = new("--group")
    {
        Description = "Models of one group run in a process of their own, so that a crash takes no other. Default: the worker's process.",
    };
    private static readonly Option<int?> Steps =
        new("--steps") { Description = "Steps of a picture whose request names none. Default: 50, for a consistency model 4." };
    private static readonly Option<double?> Guidance =
        new("--guidance") { Description = "Guidance of a picture whose request names none. Default: 7.5, for a consistency model 8.5." };
    private static readonly Option<string?> PromptCheck =
        new("--check-prompts") { Description = "Classifier of texts that checks the prompts of a model that draws." };
    private static readonly Option<string[]> RefusedPrompts = Refused("--refuse-prompt", "a prompt");
    private static readonly Option<string?> PictureCheck =
        new("--check-pictures") { Description = "Classifier of pictures that checks what a model has drawn." };
    private static readonly Option<string[]> RefusedPictures = Refused("--refuse-picture", "a picture");

    private static readonly Option[] All =
    [
        Completions, Precision, KeyValues, ParityBound, Group, Steps, Guidance, PromptCheck, RefusedPrompts, PictureCheck, RefusedPictures,
    ];

    /// <summary>Adds the options to a command.</summary>
    public static Command WithServing(this Command command)
    {
        foreach (var option in All)
        {
            command.Options.Add(option);
        }

        return command;
    }

    /// <summary>The options of an import that are given, and the defaults of the others.</summary>
    /// <exception cref="OperatorException">A check is incomplete.</exception>
    public static ModelImportOptions Read(ParseResult parsed) => new()
    {
        Completions = parsed.GetValue(Completions),
        Precision = parsed.GetValue(Precision) ?? ModelPrecisions.Auto,
        KeyValues = parsed.GetValue(KeyValues) ?? KeyValueTypes.Float32,
        ParityBound = parsed.GetValue(ParityBound) ?? ModelImportOptions.DefaultParityBound,
        Group = parsed.GetValue(Group),
        Steps = parsed.GetValue(Steps),
        Guidance = parsed.GetValue(Guidance),
        PromptCheck = ReadCheck(parsed, PromptCheck, RefusedPrompts),
        PictureCheck = ReadCheck(parsed, PictureCheck, RefusedPictures),
    };

    private static Option<string[]> Refused(string name, string what) =>
        new(name) { Description = $"LABEL=SCORE: this score of the classifier's label, or a higher one, refuses {what}. May be repeated." };

    /// <summary>Reads a check; null where the options name none.</summary>
    /// <exception cref="OperatorException">A label has no score, or the check no classifier.</exception>
    private static ContentCheck? ReadCheck(ParseResult parsed, Option<string?> model, Option<string[]> refused)
    {
        var labels = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var text in parsed.GetValue(refused) ?? [])
        {
            var at = text.LastIndexOf('=');
            labels[text[..Math.Max(at, 0)]] = at > 0
                && double.TryParse(text.AsSpan(at + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out var score)
                ? score : throw new OperatorException($"{refused.Name} '{text}' is not LABEL=SCORE.");
        }

        return parsed.GetValue(model) is { } name ? new ContentCheck(name, labels)
            : labels.Count == 0 ? null : throw new OperatorException($"{refused.Name} needs {model.Name}.");
    }

    /// <summary>An option with one of some values; any other is refused in one line.</summary>
    /// <param name="why">Why a value is none of them; null where there is no more to say.</param>
    private static Option<string?> Choice(
        string name, string description, IReadOnlyCollection<string> choices, Func<string, string?>? why = null)
    {
        var option = new Option<string?>(name) { Description = description };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !choices.Contains(text))
            {
                result.AddError($"{name} {text}: {why?.Invoke(text)}choose {string.Join(", ", choices)}.");
            }
        });
        return option;
    }
}
