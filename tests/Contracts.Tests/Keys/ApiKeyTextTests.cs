using System.Text;
using Tollgate.Contracts.Keys;

namespace Tollgate.Contracts.Tests.Keys;

public sealed class ApiKeyTextTests
{
    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    [Fact]
    public void TryParse_takes_apart_what_Create_made()
    {
        for (var i = 0; i < 1000; i++)
        {
            var (publicId, secret, text) = ApiKeyText.Create();

            Assert.Equal(ApiKeyText.Length, text.Length);
            Assert.True(ApiKeyText.TryParse(text, out var parsedId, out var parsedSecret));
            Assert.Equal((publicId, secret), (parsedId, parsedSecret));
        }
    }

    [Fact]
    public void CreateSecret_keeps_the_public_id()
    {
        var (publicId, secret, _) = ApiKeyText.Create();

        var (newSecret, text) = ApiKeyText.CreateSecret(publicId);

        Assert.NotEqual(secret, newSecret);
        Assert.True(ApiKeyText.TryParse(text, out var parsedId, out _));
        Assert.Equal(publicId, parsedId);
    }

    /// <summary>A burst of up to 32 bits never escapes a CRC-32, and a wrong digit of the checksum itself is another number.</summary>
    [Fact]
    public void TryParse_refuses_every_single_wrong_character()
    {
        var text = ApiKeyText.Create().Text;
        for (var at = 0; at < text.Length; at++)
        {
            foreach (var digit in (Digits + "-_ é\0").Where(digit => digit != text[at]))
            {
                var wrong = new StringBuilder(text) { [at] = digit }.ToString();

                Assert.False(ApiKeyText.TryParse(wrong, out var publicId, out var secret), wrong);
                Assert.Equal(("", ""), (publicId, secret));
            }
        }
    }

    [Fact]
    public void TryParse_refuses_every_transposition_and_every_lost_or_doubled_character()
    {
        for (var round = 0; round < 50; round++)
        {
            var text = ApiKeyText.Create().Text;
            for (var at = 0; at < text.Length; at++)
            {
                Assert.False(ApiKeyText.TryParse(text.Remove(at, 1), out _, out _));
                Assert.False(ApiKeyText.TryParse(text.Insert(at, text[at].ToString()), out _, out _));
                if (at > 0 && text[at] != text[at - 1])
                {
                    var swapped = new StringBuilder(text) { [at] = text[at - 1], [at - 1] = text[at] }.ToString();
                    Assert.False(ApiKeyText.TryParse(swapped, out _, out _), swapped);
                }
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("sk-tg-")]
    [InlineData("sk-proj-abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrs")]
    public void TryParse_refuses_what_is_no_key(string text) => Assert.False(ApiKeyText.TryParse(text, out _, out _));

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("012345678901234")]
    [InlineData("0123456789012345")]
    [InlineData("not-a-recognized-key-but-long")]
    public void Redact_never_shows_more_than_twelve_characters(string text)
    {
        var shown = ApiKeyText.Redact(text);

        Assert.True(text.Length == 0 || shown != text);
        Assert.InRange(shown.Count(character => character != '*'), 0, 12);
    }

    [Fact]
    public void Redact_stays_short_however_long_the_text_is() => Assert.Equal(44, ApiKeyText.Redact(new string('x', 1_000_000)).Length);

    [Fact]
    public void Mac_depends_on_secret_and_pepper()
    {
        var mac = ApiKeyText.Mac("pepper"u8, "secret");

        Assert.Equal(32, mac.Length);
        Assert.Equal(mac, ApiKeyText.Mac("pepper"u8, "secret"));
        Assert.NotEqual(mac, ApiKeyText.Mac("salt"u8, "secret"));
        Assert.NotEqual(mac, ApiKeyText.Mac("pepper"u8, "secreT"));
    }
}
