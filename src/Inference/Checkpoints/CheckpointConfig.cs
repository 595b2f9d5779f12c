using System.Text.Json;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Checkpoints;

/// <summary>A configuration, or an object within one. A closed world: a member that nothing reads may change what the model computes, so
/// it is refused; members that only describe are listed here.</summary>
/// <param name="where">Its name for errors, such as <c>config.json</c>.</param>
/// <remarks>A member that is null counts as absent, as it does to the library that writes such files.</remarks>
internal sealed class CheckpointConfig(JsonElement root, string where)
{
    /// <summary>Members of <c>config.json</c> that change nothing in how a model answers: training, bookkeeping, other tasks.</summary>
    private static readonly HashSet<string> Descriptive = new(StringComparer.Ordinal)
    {
        "_attn_implementation", "_attn_implementation_autoset", "_commit_hash", "_flash_attn_2_enabled", "_name_or_path", "_num_labels",
        "attention_dropout", "attn_pdrop", "auto_map", "bos_token_id", "cache_implementation", "decoder_start_token_id", "dtype",
        "embd_pdrop", "eos_token_id", "finetuning_task", "id2label", "initializer_range", "is_llama_config", "label2id",
        "output_attentions", "output_hidden_states", "pad_token_id", "pretraining_tp", "problem_type", "reorder_and_upcast_attn",
        "resid_pdrop", "return_dict", "summary_activation", "summary_first_dropout", "summary_proj_to_labels", "summary_type",
        "summary_use_proj", "task_specific_params", "tokenizer_class", "torch_dtype", "transformers.js_config", "transformers_version",
        "unsloth_fixed", "unsloth_version", "use_cache",
    };

    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    /// <summary>A member that is there and not null.</summary>
    public JsonElement? Find(string name)
    {
        _read.Add(name);
        return root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    public int Number(string name, int least, int most, int? otherwise = null)
    {
        if (Find(name) is not { } value)
        {
            return otherwise ?? throw new ModelImportException($"'{where}' lacks the member '{name}'.");
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least && number <= most
            ? number : throw new ModelImportException(
                $"'{name}' of '{where}' is {Show(value)}; it must be a whole number, {least} to {most}.");
    }

    /// <summary>A finite number.</summary>
    public double Real(string name, double? otherwise = null)
    {
        if (Find(name) is not { } value)
        {
            return otherwise ?? throw new ModelImportException($"'{where}' lacks the member '{name}'.");
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var real) && double.IsFinite(real)
            ? real : throw new ModelImportException($"'{name}' of '{where}' is {Show(value)}; it must be a number.");
    }

    /// <summary>A finite number above 0.</summary>
    public double Positive(string name, double? otherwise = null) => Real(name, otherwise) is > 0 and var real
        ? real : throw new ModelImportException($"'{name}' of '{where}' must be above 0.");

    public bool Flag(string name, bool otherwise) => Find(name) is not { } value ? otherwise
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw new ModelImportException($"'{name}' of '{where}' is {Show(value)}; it must be true or false.");

    public string? Text(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw new ModelImportException($"'{name}' of '{where}' is {Show(value)}; it must be a text.");

    /// <summary>A list of numbers; null where it is absent.</summary>
    public double[]? Reals(string name)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Array && value.GetArrayLength() <= 65_536
            && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Number && double.IsFinite(item.GetDouble()))
            ? [.. value.EnumerateArray().Select(item => item.GetDouble())]
            : throw new ModelImportException($"'{name}' of '{where}' is {Show(value)}; it must be a list of numbers.");
    }

    /// <summary>A list of texts; null where it is absent.</summary>
    public string[]? Texts(string name)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
            ? [.. value.EnumerateArray().Select(item => item.GetString()!)]
            : throw new ModelImportException($"'{name}' of '{where}' is {Show(value)}; it must be a list of texts.");
    }

    /// <summary>An object within; null where it is absent.</summary>
    public CheckpointConfig? Part(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Object ? new CheckpointConfig(value, $"{where}: {name}")
        : throw new ModelImportException($"'{name}' of '{where}' is {Show(value)}; it must be an object.");

    /// <summary>Takes a member with one value only, which it also has where it is absent.</summary>
    public void Require(string name, bool value)
    {
        if (Flag(name, value) != value)
        {
            throw new ModelImportException($"'{name}' of '{where}' is {(value ? "false" : "true")}, which is not supported.");
        }
    }

    /// <summary>Takes a text with one of some values, the first of which it also has where it is absent.</summary>
    public void Require(string name, params ReadOnlySpan<string> values)
    {
        if (Text(name) is { } found && !values.Contains(found))
        {
            throw new ModelImportException($"'{name}' of '{where}' is '{found}'; supported: {string.Join(", ", values.ToArray())}.");
        }
    }

    /// <summary>Takes a number with one value only, which it also has where it is absent.</summary>
    public void Require(string name, double value)
    {
        if (Real(name, value) is var found && found != value)
        {
            throw new ModelImportException($"'{name}' of '{where}' is {found}; only {value} is supported.");
        }
    }

    /// <summary>Takes members with any value: here they change nothing.</summary>
    public void Ignore(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            _read.Add(name);
        }
    }

    /// <exception cref="ModelImportException">A member was not read and is not one that only describes.</exception>
    public void RefuseOthers()
    {
        foreach (var member in root.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.Null && !_read.Contains(member.Name) && !Descriptive.Contains(member.Name))
            {
                throw new ModelImportException(
                    $"The member '{member.Name}' of '{where}' is not known to the importer and may change what the model computes, "
                    + "so the folder is not taken.");
            }
        }
    }

    private static string Show(JsonElement value) => value.GetRawText() is { Length: > 60 } text ? text[..60] + "…" : value.GetRawText();
}
