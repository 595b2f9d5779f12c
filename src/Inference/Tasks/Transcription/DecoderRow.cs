using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Tollgate.Inference.Tasks.Transcription;

/// <summary>The caches of one text: a row of two sets, which it may share with other texts. One thread at a time.</summary>
/// <param name="own">Of the text, which grow with each step.</param>
/// <param name="heard">Of what the encoder gave, which stay.</param>
/// <param name="hidden">What the encoder gave; borrowed.</param>
/// <param name="length">Tokens in the caches.</param>
internal sealed class DecoderRow(CacheSet own, CacheSet heard, OrtValue hidden, int length) : IDisposable
{
    private CacheSet _own = own.Hold();
    private CacheSet _heard = heard.Hold();

    public OrtValue Hidden => hidden;

    /// <summary>Tokens in the caches. Rows of one run have the same number.</summary>
    public int Length { get; private set; } = length;

    /// <summary>Position in the sets.</summary>
    private int Index { get; set; }

    /// <summary>The sets of a run of some rows: their own ones where no others are in them, else copies. The caller lets both go.</summary>
    public static (CacheSet Own, CacheSet Heard) Collect(IReadOnlyList<DecoderRow> rows) => (
        CacheSet.Collect([.. rows.Select(row => (row._own, row.Index))]),
        CacheSet.Collect([.. rows.Select(row => (row._heard, row.Index))]));

    /// <summary>Goes over to the sets that a step gave.</summary>
    public void Move(CacheSet own, CacheSet heard, int index)
    {
        (var before, _own) = (_own, own.Hold());
        before.Release();
        (before, _heard) = (_heard, heard.Hold());
        before.Release();
        (Index, Length) = (index, Length + 1);
    }

    public void Dispose()
    {
        _own.Release();
        _heard.Release();
    }
}

/// <summary>Caches of some rows, <c>[rows, heads, tokens, width]</c> each; disposed when the last holder lets go. One thread at a
/// time.</summary>
internal sealed class CacheSet(OrtValue[] values, int rows)
{
    private int _holders;

    public IReadOnlyList<OrtValue> Values => values;

    public CacheSet Hold()
    {
        _holders++;
        return this;
    }

    public void Release()
    {
        if (--_holders == 0)
        {
            Array.ForEach(values, value => value.Dispose());
        }
    }

    /// <summary>One set with these rows in this order, held once: the same set where it has no others.</summary>
    public static CacheSet Collect(IReadOnlyList<(CacheSet Set, int Index)> rows)
    {
        var first = rows[0].Set;
        var same = first.Rows == rows.Count && rows.Select((row, i) => row.Set == first && row.Index == i).All(fits => fits);
        return (same ? first : Copy(rows)).Hold();
    }

    private int Rows => rows;

    private static CacheSet Copy(IReadOnlyList<(CacheSet Set, int Index)> rows)
    {
        var values = new OrtValue[rows[0].Set.Values.Count];
        for (var i = 0; i < values.Length; i++)
        {
            long[] shape = [rows.Count, .. rows[0].Set.Values[i].GetTensorTypeAndShape().Shape[1..]];
            values[i] = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, TensorElementType.Float, shape);
            var to = values[i].GetTensorMutableDataAsSpan<float>();
            var length = to.Length / rows.Count;
            for (var row = 0; row < rows.Count; row++)
            {
                var from = rows[row].Set.Values[i].GetTensorDataAsSpan<float>();
                from.Slice(rows[row].Index * length, length).CopyTo(to[(row * length)..]);
            }
        }

        return new CacheSet(values, rows.Count);
    }
}
