using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Decoders;

namespace Tollgate.Inference.Generation;

/// <summary>Several tokens of several rows in one step: to all operators but the attention they are a batch of tokens.</summary>
internal sealed unsafe partial class DecoderSteps
{
    private static readonly bool[] InRounds = [true];
    private readonly OrtIoBinding?[] _verifications;
    private readonly VerifiedTokens?[] _verified;

    public void Verify(ReadOnlySpan<int> tokens, ReadOnlySpan<int> counts, ReadOnlySpan<int> past)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens.Length, MostVerified);
        var (rows, first) = (counts.Length, 0);
        *_total = 0;
        for (var row = 0; row < rows; row++)
        {
            var count = counts[row];
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(count, AttentionRounds.Count);
            for (var round = 0; round < AttentionRounds.Count; round++)
            {
                var i = Math.Min(round, count - 1);
                _places[(round * rows) + row] = first + i;
                _roundLengths[(round * rows) + row] = past[row] + i;
            }

            for (var i = 0; i < count; i++)
            {
                var at = first + i;
                (_ids[at], _taken[at], _lengths[at], _origins[at]) = (tokens[at], at, past[row] + i, (i * rows) + row);
            }

            *_total = Math.Max(*_total, past[row] + count);
            _arena.Touch(row, past[row] + count);
            first += count;
        }

        var binding = _verifications[rows] ??= BindRounds(rows);
        var values = _verified[first] ??= DescribeTokens(first);
        foreach (var (name, value) in values.Inputs)
        {
            binding.BindInput(name, value);
        }

        binding.BindOutput("logits", values.Logits);
        _session.RunWithBinding(_runOptions, binding);
    }

    /// <summary>What depends on the number of rows.</summary>
    private OrtIoBinding BindRounds(int rows)
    {
        var binding = _session.CreateIoBinding();
        binding.BindInput(AttentionRounds.Flag, Keep(OrtValue.CreateTensorValueFromMemory(InRounds, [1])));
        binding.BindInput("total_sequence_length", Keep(Value(TensorElementType.Int32, _total, sizeof(int), 1)));
        for (var round = 0; round < AttentionRounds.Count; round++)
        {
            var first = round * rows;
            binding.BindInput(AttentionRounds.Places(round), Keep(Value(TensorElementType.Int64, _places + first, sizeof(long), rows)));
            binding.BindInput(
                AttentionRounds.Lengths(round), Keep(Value(TensorElementType.Int32, _roundLengths + first, sizeof(int), rows)));
        }

        BindCaches(binding, row: 0, rows, firstRound: 0, Keep);
        return binding;
    }

    private VerifiedTokens DescribeTokens(int count) => new(
        [
            ("input_ids", Keep(Value(TensorElementType.Int64, _ids, sizeof(long), count, 1))),
            ("seqlens_k", Keep(Value(TensorElementType.Int32, _lengths, sizeof(int), count))),
            (TakenPositions.Name, Keep(Value(TensorElementType.Int64, _taken, sizeof(long), count))),
            (AttentionRounds.Origins, Keep(Value(TensorElementType.Int64, _origins, sizeof(long), count))),
        ],
        Keep(Value(TensorElementType.Float, _logits, sizeof(float), count, _size.Vocabulary)));

    /// <summary>What depends on the number of tokens.</summary>
    private sealed record VerifiedTokens(IReadOnlyList<(string Name, OrtValue Value)> Inputs, OrtValue Logits);
}
