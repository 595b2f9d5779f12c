using System.Buffers.Binary;
using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;

namespace Tollgate.Accounts.Money;

/// <summary>How much to add to the wallet.</summary>
public sealed class TopUpForm
{
    /// <summary>One of the offered amounts, US dollars; 0 the typed one.</summary>
    [Range(0, 10_000)]
    public int Amount { get; set; } = 25;

    /// <summary>Whole US dollars; counts when no offered amount is selected.</summary>
    [Range(5, 10_000, ErrorMessage = "5 to 10,000 whole dollars.")]
    public int? Custom { get; set; }

    /// <summary>Made with the page: a form sent twice opens one checkout.</summary>
    public Guid RequestId { get; set; }

    /// <summary>
    /// The amount that the form shows; null for one outside of 5 to 10,000, and while a selected and a typed amount contradict each other.
    /// </summary>
    public int? Chosen => IsContradictory ? null : (Amount == 0 ? Custom : Amount) is { } usd and >= 5 and <= 10_000 ? usd : null;

    /// <summary>Whether one amount is selected and another one typed: either may be meant.</summary>
    public bool IsContradictory => Amount != 0 && Custom is { } typed && typed != Amount;

    /// <summary>
    /// Id of the checkout of <paramref name="amountUsd"/>: the same for a form sent again, another one when the amount was changed.
    /// </summary>
    public Guid CheckoutId(int amountUsd)
    {
        Span<byte> named = stackalloc byte[20];
        RequestId.TryWriteBytes(named, bigEndian: true, out _);
        BinaryPrimitives.WriteInt32BigEndian(named[16..], amountUsd);
        return new Guid(SHA256.HashData(named).AsSpan(0, 16), bigEndian: true);
    }
}
