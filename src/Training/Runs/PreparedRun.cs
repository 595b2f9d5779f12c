using System.IO.Hashing;
using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Graphs;
using Tollgate.Training.Methods;

namespace Tollgate.Training.Runs;

/// <summary>What a run knows before its first step: a function of files and settings alone.</summary>
/// <param name="Tokens">Tokens of each row.</param>
/// <param name="TokenBound">Most tokens that can be trained.</param>
/// <param name="Key">Names files, settings and runtime: two runs with the same key end with the same bits.</param>
internal sealed record PreparedRun(
    RowDivision Division, MethodChoice Choice, Hyperparameters Numbers, PreparedTokens Tokens, long TokenBound, string Key)
{
    /// <exception cref="TrainingException">The files or settings do not fit together.</exception>
    /// <exception cref="Inference.Models.ModelImportException">The base model cannot be trained.</exception>
    public static async Task<PreparedRun> ReadAsync(TrainingRequest request, CancellationToken cancellationToken)
    {
        var settings = request.Settings;
        settings.Check();
        var training = await ExampleFile.ReadAsync(request.TrainingFile, "training_file", cancellationToken);
        var validation = request.ValidationFile is { } path
            ? await ExampleFile.ReadAsync(path, "validation_file", cancellationToken) : null;
        var wanted = settings.Method;
        if (wanted is TrainingMethod.Head or TrainingMethod.Encoder && request.BaseModel is null)
        {
            throw new TrainingException($"The method {wanted.ToString().ToLowerInvariant()} needs a base model.") { Param = "model" };
        }

        var from = request.BaseModel is null ? null : await BaseModel.ReadAsync(request.BaseModel, cancellationToken);
        var isLstm = from is null || wanted == TrainingMethod.Lstm;
        var division = RowDivision.Of(training, validation, settings, settings.StopsEarly ?? isLstm);
        var tokens = isLstm
            ? PreparedTokens.OfWords(division.Set, settings.MostTokens, from)
            : PreparedTokens.Of(from!, division.Set, settings);
        var perPass = division.Set.Train.Sum(row => (long)tokens.Rows[row].Length);
        var choice = MethodChoice.Of(
            wanted, !isLstm, division.Set.Train.Length, perPass * Numbers(TrainingMethod.Encoder).Passes, settings.TokenBudget);
        var numbers = Numbers(choice.Method);
        var bound = perPass * numbers.Passes;
        return bound > settings.TokenBudget
            ? throw new TrainingException(
                $"The training needs {bound} tokens, and the budget is {settings.TokenBudget}. Raise it, or train fewer epochs or rows.")
            {
                Param = "budget.trained_tokens",
            }
            : new PreparedRun(division, choice, numbers, tokens, bound, await KeyAsync(request, from, cancellationToken));

        Hyperparameters Numbers(TrainingMethod method) => Hyperparameters.Of(
            method, division.Set.Train.Length, settings.Epochs, settings.BatchSize, settings.LearningRateMultiplier) is var found
            && settings.StopsEarly is { } stops
                ? found with { Patience = stops ? Math.Max(found.Patience, Hyperparameters.UsualPatience) : 0 }
                : found;
    }

    private static async Task<string> KeyAsync(TrainingRequest request, BaseModel? from, CancellationToken cancellationToken)
    {
        var hash = new XxHash128();
        foreach (var file in (string?[])[request.TrainingFile, request.ValidationFile])
        {
            hash.Append(file is null ? [0] : XxHash128.Hash(await File.ReadAllBytesAsync(file, cancellationToken)));
        }

        hash.Append(System.Text.Encoding.UTF8.GetBytes($"{from?.Hash}/{OrtEnv.Instance().GetVersionString()}"));
        hash.Append(JsonSerializer.SerializeToUtf8Bytes(request.Settings, TrainingJson.Default.TrainingSettings));
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }
}

/// <summary>The rows of a run as a model reads them.</summary>
/// <param name="Base">The model whose pieces they are; where they are words, only what the result is compared with, or null.</param>
/// <param name="Words">Null for the pieces of a base model.</param>
/// <param name="MostTokens">Longest row, tokens.</param>
internal sealed record PreparedTokens(int[][] Rows, BaseModel? Base, WordVocabulary? Words, int MostTokens)
{
    public static PreparedTokens Of(BaseModel from, RowSet set, TrainingSettings settings)
    {
        var most = Math.Min(settings.MostTokens, from.ContextLength);
        return new PreparedTokens([.. set.Texts.Select(text => TokenInputs.Encode(from.Tokenizer, text, most))], from, null, most);
    }

    public static PreparedTokens OfWords(RowSet set, int most, BaseModel? beside)
    {
        var words = WordVocabulary.Of(set.Train.Select(row => set.Texts[row]));
        var tokenizer = Inference.Tokenizers.TokenizerFile.ReadFramed(words.ToTokenizerFile());
        return new PreparedTokens([.. set.Texts.Select(text => TokenInputs.Encode(tokenizer, text, most))], beside, words, most);
    }
}
