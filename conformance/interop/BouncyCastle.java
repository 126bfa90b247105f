// Bouncy Castle's EST client against one server, one operation a call.
//
//   java BouncyCastle.java FOLDER PORT OPERATION [LABEL]
//
// OPERATION: cacerts, csrattrs, enroll-basic, enroll-digest, reenroll, serverkeygen, later. Reads ca.pem and user of the
// folder, and writes what came as PEM into it: cacerts.pem; issued.pem and issued.key, with which `reenroll` goes on.
// Ends with 0 when the operation was carried out; else the exception tells.

import java.io.FileReader;
import java.io.FileWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Security;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.util.Set;
import javax.net.ssl.KeyManagerFactory;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.est.CACertsResponse;
import org.bouncycastle.est.CSRRequestResponse;
import org.bouncycastle.est.ESTAuth;
import org.bouncycastle.est.ESTService;
import org.bouncycastle.est.EnrollmentResponse;
import org.bouncycastle.est.jcajce.JcaHttpAuthBuilder;
import org.bouncycastle.est.jcajce.JcaJceUtils;
import org.bouncycastle.est.jcajce.JsseESTServiceBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.bouncycastle.util.Store;
import org.bouncycastle.util.io.pem.PemObject;

public class BouncyCastle {
  static Path folder;

  static X509Certificate certificate(String name) throws Exception {
    try (PEMParser in = new PEMParser(new FileReader(folder.resolve(name).toFile()))) {
      return new JcaX509CertificateConverter().getCertificate((X509CertificateHolder) in.readObject());
    }
  }

  static PrivateKey key(String name) throws Exception {
    try (PEMParser in = new PEMParser(new FileReader(folder.resolve(name).toFile()))) {
      return new JcaPEMKeyConverter().getPrivateKey((PrivateKeyInfo) in.readObject());
    }
  }

  static void write(String name, Iterable<?> objects) throws Exception {
    try (Writer file = new FileWriter(folder.resolve(name).toFile()); JcaPEMWriter out = new JcaPEMWriter(file)) {
      for (Object one : objects) out.writeObject(one);
    }
  }

  static KeyPair newKey() throws Exception {
    KeyPairGenerator made = KeyPairGenerator.getInstance("EC");
    made.initialize(new ECGenParameterSpec("secp256r1"));
    return made.generateKeyPair();
  }

  static PKCS10CertificationRequest request(KeyPair pair) throws Exception {
    return new JcaPKCS10CertificationRequestBuilder(new X500Principal("CN=bouncy device"), pair.getPublic())
        .build(new JcaContentSignerBuilder("SHA256withECDSA").build(pair.getPrivate()));
  }

  static void keep(EnrollmentResponse answer, byte[] privateKey) throws Exception {
    if (!answer.isCompleted()) throw new Exception("it is not completed");
    write("issued.pem", answer.getStore().getMatches(null));
    write("issued.key", Set.of(new PemObject("PRIVATE KEY", privateKey)));
  }

  public static void main(String[] arguments) throws Exception {
    folder = Path.of(arguments[0]);
    String operation = arguments[2];
    Security.addProvider(new BouncyCastleProvider());
    Set<TrustAnchor> anchors = Set.of(new TrustAnchor(certificate("ca.pem"), null));
    JsseESTServiceBuilder builder =
        new JsseESTServiceBuilder("localhost", Integer.parseInt(arguments[1]), JcaJceUtils.getCertPathTrustManager(anchors, null));
    builder.addCipherSuites(javax.net.ssl.SSLContext.getDefault().getDefaultSSLParameters().getCipherSuites());
    builder.withTLSVersion("TLSv1.2").withTimeout(20000);
    if (arguments.length > 3) builder.withLabel(arguments[3]);
    String[] user = Files.readString(folder.resolve("user")).split(":", 2);

    if (operation.equals("reenroll")) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry("own", key("issued.key"), new char[0], new X509Certificate[] {certificate("issued.pem")});
      KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(store, new char[0]);
      builder.withKeyManagers(keys.getKeyManagers());
    }
    ESTService est = builder.build();
    JcaHttpAuthBuilder password = operation.equals("enroll-digest")
        ? new JcaHttpAuthBuilder("est", user[0], user[1].toCharArray()).setNonceGenerator(new SecureRandom()).setProvider("BC")
        : new JcaHttpAuthBuilder(null, user[0], user[1].toCharArray());
    ESTAuth auth = operation.equals("reenroll") ? null : password.build();
    KeyPair pair = newKey();

    switch (operation) {
      case "cacerts": {
        CACertsResponse answer = est.getCACerts();
        Store<X509CertificateHolder> all = answer.getCertificateStore();
        write("cacerts.pem", all.getMatches(null));
        break;
      }
      case "csrattrs": {
        CSRRequestResponse answer = est.getCSRAttributes();
        if (!answer.hasAttributesResponse()) {
          System.out.println("none");
          break;
        }
        for (Object oid : answer.getAttributesResponse().getRequirements()) System.out.println(oid);
        break;
      }
      case "enroll-basic":
      case "enroll-digest": keep(est.simpleEnroll(false, request(pair), auth), pair.getPrivate().getEncoded()); break;
      case "reenroll": keep(est.simpleEnroll(true, request(pair), auth), pair.getPrivate().getEncoded()); break;
      case "serverkeygen": {
        EnrollmentResponse answer = est.simpleEnrollWithServersideCreation(request(pair), auth);
        keep(answer, answer.getPrivateKeyInfo().getEncoded());
        break;
      }
      case "later": {
        EnrollmentResponse answer = est.simpleEnroll(false, request(pair), auth);
        if (answer.isCompleted()) throw new Exception("it was not put off");
        long wait = answer.getNotBefore() - System.currentTimeMillis();
        System.out.println("wait " + wait);
        Thread.sleep(Math.max(0, wait) + 100);
        keep(est.simpleEnroll(answer), pair.getPrivate().getEncoded());
        break;
      }
      default: throw new Exception("no such operation");
    }
  }
}
