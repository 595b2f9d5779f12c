using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Tollgate.Contracts.OpenAi;

public abstract partial record InferenceRequest
{
    /// <summary>
    /// Returns the body to forward: the client's bytes with the resolved model and output cap inserted, otherwise unchanged. A chat
    /// without a cap gets <c>max_completion_tokens</c>, a completion <c>max_tokens</c>; a request that generates nothing gets none. In a
    /// form the value of the part <c>model</c> is replaced; the name of a model has no line break, so it cannot end its part.
    /// </summary>
    /// <param name="body">The bytes from which this request was parsed.</param>
    /// <param name="model">The model's real name.</param>
    /// <param name="outputCap">Most tokens to generate for each choice; ignored where nothing is generated.</param>
    public virtual byte[] Rewrite(ReadOnlyMemory<byte> body, string model, long outputCap)
    {
        if (Edits.IsForm)
        {
            return Join(body.Span, [new Splice(Edits.Model, model)]);
        }

        Span<Splice> splices = new Splice[4];
        var count = 0;
        var inserted = new StringBuilder();
        var modelText = $"\"{JsonEncodedText.Encode(model)}\"";
        if (Edits.Model.Length == 0)
        {
            inserted.Append("\"model\":").Append(modelText).Append(',');
        }
        else
        {
            splices[count++] = new Splice(Edits.Model, modelText);
        }

        if (CapMember is { } capMember)
        {
            var capText = outputCap.ToString(CultureInfo.InvariantCulture);
            if (Edits.MaxTokens.Length == 0)
            {
                inserted.Append('"').Append(capMember).Append("\":").Append(capText).Append(',');
            }
            else
            {
                splices[count++] = new Splice(Edits.MaxTokens, capText);
            }

            if (Edits.SecondMaxTokens.Length > 0)
            {
                splices[count++] = new Splice(Edits.SecondMaxTokens, capText);
            }
        }

        // A parsed body has at least one member, so an inserted one may end with a comma.
        splices[count++] = new Splice(new ByteRange(Edits.ObjectStart, 0), inserted.ToString());
        splices = splices[..count];
        splices.Sort(static (left, right) => left.Range.Start.CompareTo(right.Range.Start));
        return Join(body.Span, splices);
    }

    /// <summary>The body with other texts in place of some ranges.</summary>
    /// <param name="splices">By their place in the body; none overlaps another one.</param>
    private protected static byte[] Join(ReadOnlySpan<byte> body, ReadOnlySpan<Splice> splices)
    {
        var length = body.Length;
        foreach (var splice in splices)
        {
            length += Encoding.UTF8.GetByteCount(splice.Text) - splice.Range.Length;
        }

        var result = new byte[length];
        var read = 0;
        var written = 0;
        foreach (var splice in splices)
        {
            var kept = body[read..splice.Range.Start];
            kept.CopyTo(result.AsSpan(written));
            written += kept.Length;
            written += Encoding.UTF8.GetBytes(splice.Text, result.AsSpan(written));
            read = splice.Range.Start + splice.Range.Length;
        }

        body[read..].CopyTo(result.AsSpan(written));
        return result;
    }

    /// <summary>A text in place of a range of the body; of an empty range, before what stands there.</summary>
    private protected readonly record struct Splice(ByteRange Range, string Text);
}
